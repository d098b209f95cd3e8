// SPDX-License-Identifier: MIT
/*
 * Every fault of the test driver, and what a program sees of it: refused and aborted blocks, a
 * stall, lost scans, disable and close with blocks in flight, unplug and replug.
 */
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES 8192
#define SCANS (BLOCK_BYTES / 8)
#define BLOCKS 4

struct stream {
	struct device device;
	int fd;
	struct block blocks[BLOCKS];
};

/* Attached and, unless told otherwise, enqueued; not enabled. 100 kS/s: 10.24 ms a block. */
static struct stream prepare(bool enqueued)
{
	struct stream stream = { .device = find_device("studio-counter") };
	unsigned int i;

	write_number(100000, "%s/sampling_frequency", stream.device.sysfs);
	enable_channels(&stream.device, 0, "in_voltage0,in_voltage1,in_voltage2,in_voltage3");
	stream.fd = open_buffer(&stream.device, 0);
	for (i = 0; i < BLOCKS; i++) {
		stream.blocks[i] = make_block(MEMORY_SYSTEM_HEAP, BLOCK_BYTES);
		memset(stream.blocks[i].data, 0x11, BLOCK_BYTES);
		attach(stream.fd, &stream.blocks[i]);
	}
	for (i = 0; enqueued && i < BLOCKS; i++)
		enqueue(stream.fd, &stream.blocks[i]);
	return stream;
}

static struct stream start(void)
{
	struct stream stream = prepare(true);

	enable_buffer(&stream.device, 0, true);
	return stream;
}

static void finish(struct stream *stream)
{
	unsigned int i;

	enable_buffer(&stream->device, 0, false);
	close(stream->fd);
	for (i = 0; i < BLOCKS; i++)
		free_block(&stream->blocks[i]);
}

static uint32_t first_count(const struct block *block)
{
	return *(uint64_t *)block->data;
}

static bool dmabuf_ready(const struct block *block)
{
	struct pollfd poller = { .fd = block->fd, .events = POLLIN };

	return poll(&poller, 1, 0) == 1;
}

static unsigned int open_files(void)
{
	unsigned int count = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void an_aborted_block_says_so_in_its_sync_file(void)
{
	struct stream stream = prepare(false);

	enqueue(stream.fd, &stream.blocks[0]);
	set_control(&stream.device, "buffer0/abort_next", 1);
	enqueue(stream.fd, &stream.blocks[1]);
	enqueue(stream.fd, &stream.blocks[2]);
	enable_buffer(&stream.device, 0, true);
	check(wait_block(&stream.blocks[2], 20000));
	/* Requests are taken when a block reaches the driver: the first one after enable. */
	check_equal(block_status(&stream.blocks[0]), -EINTR);
	check(dmabuf_ready(&stream.blocks[0]));
	check_equal(stream.blocks[0].data[0], 0x11);
	check_equal(block_status(&stream.blocks[1]), 1);
	check_equal(first_count(&stream.blocks[1]), SCANS);
	check_equal(get_control(&stream.device, "buffer0/failed_blocks"), 1);
	check_equal(get_control(&stream.device, "buffer0/lost"), 0);

	/* Between two good blocks it is a gap of its own length. */
	set_control(&stream.device, "buffer0/abort_next", 1);
	enqueue(stream.fd, &stream.blocks[0]);
	enqueue(stream.fd, &stream.blocks[1]);
	check(wait_block(&stream.blocks[1], 20000));
	check_equal(block_status(&stream.blocks[0]), -EINTR);
	check_equal(block_status(&stream.blocks[1]), 1);
	check_equal(get_control(&stream.device, "buffer0/lost"),
		    first_count(&stream.blocks[1]) - 3 * SCANS);
	finish(&stream);
}

static void a_refused_block_is_stuck_until_attached_again(void)
{
	struct stream stream = start();
	struct block *block = &stream.blocks[0];
	int fd = block->fd;

	check(wait_block(block, 20000));
	set_control(&stream.device, "buffer0/refuse_next", 1);
	check_equal(try_enqueue(stream.fd, block, BLOCK_BYTES), 0);
	check(dmabuf_ready(block));
	check_equal(try_enqueue(stream.fd, block, BLOCK_BYTES), -EBUSY);
	enable_buffer(&stream.device, 0, false);
	check_equal(try_enqueue(stream.fd, block, BLOCK_BYTES), -EBUSY);
	check(ioctl(stream.fd, IIO_BUFFER_DMABUF_DETACH_IOCTL, &fd) == 0);
	attach(stream.fd, block);
	enqueue(stream.fd, block);
	enable_buffer(&stream.device, 0, true);
	check(wait_block(block, 20000));
	check_equal(block_status(block), 1);
	finish(&stream);
}

static void a_stall_holds_blocks_and_loses_nothing(void)
{
	struct stream stream = start();

	check(wait_block(&stream.blocks[0], 20000));
	set_control(&stream.device, "buffer0/stall", 1);
	check(!wait_block(&stream.blocks[3], 500));
	set_control(&stream.device, "buffer0/stall", 0);
	check(wait_block(&stream.blocks[3], 20000));
	check_equal(first_count(&stream.blocks[3]), 3 * SCANS);
	check_equal(get_control(&stream.device, "buffer0/lost"), 0);
	finish(&stream);
}

static void dropped_scans_are_missing_from_the_count(void)
{
	struct stream stream = start();
	uint32_t lost;

	check(wait_block(&stream.blocks[0], 20000));
	set_control(&stream.device, "buffer0/drop_scans", 77);
	enqueue(stream.fd, &stream.blocks[0]);
	check(wait_block(&stream.blocks[0], 20000));
	lost = first_count(&stream.blocks[0]) - BLOCKS * SCANS;
	/* More only where the host let the queue run dry. */
	check(lost >= 77);
	check_equal(get_control(&stream.device, "buffer0/lost"), lost);
	check_equal(get_control(&stream.device, "buffer0/gaps"), 1);
	finish(&stream);
}

static void disable_fails_what_is_in_flight(void)
{
	struct stream stream = prepare(true);
	unsigned int i;

	set_control(&stream.device, "buffer0/stall", 1);
	enable_buffer(&stream.device, 0, true);
	sleep_ms(20);
	enable_buffer(&stream.device, 0, false);
	set_control(&stream.device, "buffer0/stall", 0);
	for (i = 0; i < BLOCKS; i++) {
		check(dmabuf_ready(&stream.blocks[i]));
		check_equal(block_status(&stream.blocks[i]), -EINTR);
		/* Filled ahead of its time, and taken back: nobody takes it for data. */
		check(stream.blocks[i].data[0] == 0xdb || stream.blocks[i].data[0] == 0x11);
	}
	check_equal(get_control(&stream.device, "buffer0/outstanding"), 0);
	finish(&stream);
}

static void close_leaves_the_buffer_enabled(void)
{
	struct stream stream = start();
	unsigned int i;
	int fd;

	close(stream.fd);
	for (i = 0; i < 2000 && get_control(&stream.device, "buffer0/outstanding"); i++)
		sleep_ms(10);
	check_equal(read_number("%s/buffer0/enable", stream.device.sysfs), 1);
	check_equal(get_control(&stream.device, "buffer0/delivered"), BLOCKS * SCANS);
	fd = open_buffer(&stream.device, 0);
	enable_buffer(&stream.device, 0, false);
	close(fd);
	stream.fd = open_buffer(&stream.device, 0);
	finish(&stream);
}

static void settings_are_busy_while_running(void)
{
	struct stream stream = start();
	char path[200];

	snprintf(path, sizeof(path), "%s/sampling_frequency", stream.device.sysfs);
	check_equal(try_write_file("5000", path), -EBUSY);
	snprintf(path, sizeof(path), "%s/buffer0/length", stream.device.sysfs);
	check_equal(try_write_file("512", path), -EBUSY);
	snprintf(path, sizeof(path), "%s/in_voltage0_raw", stream.device.sysfs);
	{
		char text[32];

		check_equal(try_read_file(text, sizeof(text), path), -EBUSY);
	}
	finish(&stream);
}

static void replug(const struct device *device)
{
	set_control(device, "present", 1);
	check(device_exists(device->name));
}

static void unplug_fails_what_is_in_flight(void)
{
	struct stream stream = prepare(true);
	unsigned int i;
	char byte[8];

	set_control(&stream.device, "buffer0/stall", 1);
	enable_buffer(&stream.device, 0, true);
	set_control(&stream.device, "present", 0);
	set_control(&stream.device, "buffer0/stall", 0);
	check(!device_exists("studio-counter"));
	for (i = 0; i < BLOCKS; i++) {
		check(wait_block(&stream.blocks[i], 20000));
		check_equal(block_status(&stream.blocks[i]), -EINTR);
	}
	check(read(stream.fd, byte, sizeof(byte)) < 0 && errno == ENODEV);
	replug(&stream.device);
	close(stream.fd);
	for (i = 0; i < BLOCKS; i++)
		free_block(&stream.blocks[i]);
	stream = start();
	check(wait_block(&stream.blocks[3], 20000));
	check_equal(block_status(&stream.blocks[3]), 1);
	finish(&stream);
}

static void unplug_again_and_again(void)
{
	unsigned int round, i, files = open_files();

	for (round = 0; round < 20; round++) {
		struct stream stream = start();

		sleep_ms((int)round);
		set_control(&stream.device, "present", 0);
		if (round & 1)
			close(stream.fd);
		replug(&stream.device);
		if (!(round & 1))
			close(stream.fd);
		for (i = 0; i < BLOCKS; i++)
			free_block(&stream.blocks[i]);
	}
	check_equal(open_files(), files);
}

/* Bytes in dma-bufs of the whole system; freed by a work queue, so with some patience. */
static uint64_t dmabuf_bytes(void)
{
	static char text[1 << 16];
	const char *total;

	if (try_read_file(text, sizeof(text), "/sys/kernel/debug/dma_buf/bufinfo") <= 0)
		die("no list of dma-bufs");
	total = strstr(text, "Total ");
	total = total ? strstr(total, " objects, ") : NULL;
	return total ? strtoull(total + 10, NULL, 10) : UINT64_MAX;
}

static uint64_t held_before;

static void nothing_is_held_after_all_that(void)
{
	int i;

	for (i = 0; i < 500 && dmabuf_bytes() != held_before; i++)
		sleep_ms(10);
	check_equal(dmabuf_bytes(), held_before);
}

/* The trap that a program must keep clear of: it costs the block's memory until a restart. */
static void enqueue_after_unplug_never_completes(void)
{
	struct stream stream = start();
	unsigned int i;

	set_control(&stream.device, "present", 0);
	for (i = 0; i < BLOCKS; i++)
		check(wait_block(&stream.blocks[i], 20000));
	check_equal(try_enqueue(stream.fd, &stream.blocks[0], BLOCK_BYTES), 0);
	check(!dmabuf_ready(&stream.blocks[0]));
	close(stream.fd);
	for (i = 0; i < BLOCKS; i++)
		free_block(&stream.blocks[i]);
	sleep_ms(200);
	check_equal(dmabuf_bytes(), held_before + BLOCK_BYTES);
	replug(&stream.device);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "an aborted block says so in its sync_file",
		  an_aborted_block_says_so_in_its_sync_file },
		{ "a refused block is stuck until attached again",
		  a_refused_block_is_stuck_until_attached_again },
		{ "a stall holds blocks and loses nothing", a_stall_holds_blocks_and_loses_nothing },
		{ "dropped scans are missing from the count",
		  dropped_scans_are_missing_from_the_count },
		{ "disable fails what is in flight", disable_fails_what_is_in_flight },
		{ "close leaves the buffer enabled", close_leaves_the_buffer_enabled },
		{ "settings are busy while running", settings_are_busy_while_running },
		{ "unplug fails what is in flight", unplug_fails_what_is_in_flight },
		{ "unplug again and again", unplug_again_and_again },
		{ "nothing is held after all that", nothing_is_held_after_all_that },
		{ "enqueue after unplug never completes", enqueue_after_unplug_never_completes },
	};

	held_before = dmabuf_bytes();
	return RUN_TESTS(tests, argc, argv);
}
