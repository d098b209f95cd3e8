// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests see and ask for: /sys/kernel/debug/iio-studio/DEVICE/ with "present" (write 0 to
 * unplug, 1 to plug in again) and a folder bufferN with counters and faults.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/kernel.h>

#include "studio.h"

static int present_get(void *data, u64 *value)
{
	*value = studio_is_plugged(data);
	return 0;
}

static int present_set(void *data, u64 value)
{
	if (value)
		return studio_plug(data);
	studio_unplug(data);
	return 0;
}

static int produced_get(void *data, u64 *value)
{
	struct studio_port *port = data;

	guard(mutex)(&port->lock);
	*value = port->queue ? studio_queue_produced(port->queue) : port->produced;
	return 0;
}

static int stall_get(void *data, u64 *value)
{
	struct studio_port *port = data;

	*value = port->stall;
	return 0;
}

static int stall_set(void *data, u64 value)
{
	struct studio_port *port = data;

	guard(mutex)(&port->lock);
	port->stall = !!value;
	if (port->queue)
		studio_queue_stall(port->queue, port->stall);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(present_fops, present_get, present_set, "%llu\n");
DEFINE_DEBUGFS_ATTRIBUTE(produced_fops, produced_get, NULL, "%llu\n");
DEFINE_DEBUGFS_ATTRIBUTE(stall_fops, stall_get, stall_set, "%llu\n");

static void create_port(struct studio_port *port, struct dentry *parent, unsigned int index)
{
	char name[20];
	struct dentry *folder;

	snprintf(name, sizeof(name), "buffer%u", index);
	folder = debugfs_create_dir(name, parent);
	debugfs_create_file_unsafe("produced", 0444, folder, port, &produced_fops);
	debugfs_create_u64("delivered", 0444, folder, &port->delivered);
	debugfs_create_u64("lost", 0444, folder, &port->lost);
	debugfs_create_u64("gaps", 0444, folder, &port->gaps);
	debugfs_create_u64("blocks", 0444, folder, &port->blocks);
	debugfs_create_u64("failed_blocks", 0444, folder, &port->failed_blocks);
	debugfs_create_u64("outstanding", 0444, folder, &port->outstanding);
	debugfs_create_u64("stretched_ns", 0444, folder, &port->stretched_ns);

	debugfs_create_u64("start_count", 0644, folder, &port->start_count);
	debugfs_create_u32("fill", 0644, folder, &port->fill);
	debugfs_create_u32("jitter_ns", 0644, folder, &port->jitter_ns);
	debugfs_create_u32("abort_next", 0644, folder, &port->abort_next);
	debugfs_create_u32("refuse_next", 0644, folder, &port->refuse_next);
	debugfs_create_u32("drop_scans", 0644, folder, &port->drop_scans);
	debugfs_create_file_unsafe("stall", 0644, folder, port, &stall_fops);
}

struct dentry *studio_control_create(struct studio_unit *const *units, unsigned int count)
{
	struct dentry *root = debugfs_create_dir("iio-studio", NULL);
	unsigned int i, port;

	for (i = 0; i < count; i++) {
		struct dentry *folder = debugfs_create_dir(units[i]->name, root);

		debugfs_create_file_unsafe("present", 0644, folder, units[i], &present_fops);
		for (port = 0; port < units[i]->ports_used; port++)
			create_port(&units[i]->ports[port], folder, port);
		if (units[i]->add_controls)
			units[i]->add_controls(units[i], folder);
	}
	return root;
}
