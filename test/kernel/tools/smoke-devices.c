// SPDX-License-Identifier: MIT
/*
 * The devices without DMABUF: "studio-kfifo" with both kinds of device trigger, and the attributes
 * of "studio-attrs".
 */
#define _GNU_SOURCE
#include "common.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* x low, y high (big endian), z inverted (big endian), 2 bytes of padding, s64 time. */
struct kfifo_scan {
	uint16_t x, y, z, padding;
	int64_t time_ns;
};

static void find_trigger(const char *name, char *path, size_t bytes)
{
	DIR *folder = opendir("/sys/bus/iio/devices");
	struct dirent *entry;

	*path = 0;
	while ((entry = readdir(folder))) {
		char file[400], text[64];

		if (strncmp(entry->d_name, "trigger", 7))
			continue;
		snprintf(file, sizeof(file), "/sys/bus/iio/devices/%s/name", entry->d_name);
		if (try_read_file(text, sizeof(text), file) <= 0)
			continue;
		text[strcspn(text, "\n")] = 0;
		if (!strcmp(text, name))
			snprintf(path, bytes, "/sys/bus/iio/devices/%.60s", entry->d_name);
	}
	closedir(folder);
	if (!*path)
		die("there is no trigger %s", name);
}

static size_t wrong_in(const struct kfifo_scan *scan, uint32_t count)
{
	return (scan->x != (count & 0xffff)) + (be16toh(scan->y) != count >> 16) +
	       (be16toh(scan->z) != (uint16_t)~count);
}

static int enable_error(const struct device *device)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/buffer0/enable", device->sysfs);
	return try_write_file("1", path);
}

static void read_with_trigger(const char *name, unsigned int rate_hz)
{
	struct device device = find_device("studio-kfifo");
	struct kfifo_scan scans[64];
	uint32_t expected = 0;
	size_t wrong = 0, got = 0;
	char trigger[128];
	int fd;

	find_trigger(name, trigger, sizeof(trigger));
	write_number(rate_hz, "%s/sampling_frequency", trigger);
	write_file(name, "%s/trigger/current_trigger", device.sysfs);
	enable_channels(&device, 0, "in_accel_x,in_accel_y,in_accel_z,in_timestamp");
	write_number(4096, "%s/buffer0/length", device.sysfs);
	write_number(8, "%s/buffer0/watermark", device.sysfs);
	fd = open_buffer(&device, 0);
	enable_buffer(&device, 0, true);
	while (got < 200) {
		struct pollfd poller = { .fd = fd, .events = POLLIN };
		ssize_t bytes, i;

		if (poll(&poller, 1, 20000) != 1)
			die("no scans by trigger %s", name);
		bytes = read(fd, scans, sizeof(scans));
		if (bytes <= 0)
			die("read");
		for (i = 0; i < bytes / (ssize_t)sizeof(scans[0]); i++, got++)
			wrong += wrong_in(&scans[i], expected++);
	}
	check_equal(wrong, 0);
	enable_buffer(&device, 0, false);
	check_equal(get_control(&device, "buffer0/lost"), 0);
	close(fd);
	write_file("\n", "%s/trigger/current_trigger", device.sysfs);
}

static void the_own_trigger_clocks_the_kfifo(void)
{
	read_with_trigger("studio-trigger", 1000);
}

static void an_hrtimer_trigger_clocks_the_kfifo(void)
{
	if (mkdir("/sys/kernel/config/iio/triggers/hrtimer/smoke", 0755))
		die("no hrtimer trigger");
	read_with_trigger("smoke", 1000);
	rmdir("/sys/kernel/config/iio/triggers/hrtimer/smoke");
}

static void the_kfifo_needs_a_trigger_with_a_rate(void)
{
	struct device device = find_device("studio-kfifo");
	char trigger[128];

	enable_channels(&device, 0, "in_accel_x");
	write_file("\n", "%s/trigger/current_trigger", device.sysfs);
	check(enable_error(&device) < 0);
	find_trigger("studio-trigger", trigger, sizeof(trigger));
	write_number(0, "%s/sampling_frequency", trigger);
	write_file("studio-trigger", "%s/trigger/current_trigger", device.sysfs);
	check_equal(enable_error(&device), -EINVAL);
	write_file("\n", "%s/trigger/current_trigger", device.sysfs);
}

static void the_kfifo_knows_no_dmabuf(void)
{
	struct device device = find_device("studio-kfifo");
	struct block block = make_block(MEMORY_SYSTEM_HEAP, 4096);
	int fd = open_buffer(&device, 0), dmabuf = block.fd;

	check(ioctl(fd, IIO_BUFFER_DMABUF_ATTACH_IOCTL, &dmabuf) < 0 && errno == EPERM);
	close(fd);
	free_block(&block);
}

static void a_full_kfifo_loses_what_the_driver_counts(void)
{
	struct device device = find_device("studio-kfifo");
	struct kfifo_scan scan;
	uint32_t count = 0, got = 0;
	char trigger[128];
	int fd, i;

	find_trigger("studio-trigger", trigger, sizeof(trigger));
	write_number(2000, "%s/sampling_frequency", trigger);
	write_file("studio-trigger", "%s/trigger/current_trigger", device.sysfs);
	enable_channels(&device, 0, "in_accel_x,in_accel_y,in_accel_z,in_timestamp");
	write_number(64, "%s/buffer0/length", device.sysfs);
	fd = open_buffer(&device, 0);
	enable_buffer(&device, 0, true);
	for (i = 0; i < 2000 && get_control(&device, "buffer0/lost") < 100; i++)
		sleep_ms(10);
	enable_buffer(&device, 0, false);
	while (read(fd, &scan, sizeof(scan)) == sizeof(scan)) {
		count = scan.x;
		got++;
	}
	check_equal(get_control(&device, "buffer0/delivered"), got);
	check_equal(get_control(&device, "buffer0/lost") + got,
		    get_control(&device, "buffer0/produced"));
	check(get_control(&device, "buffer0/lost") > 0);
	check(count + 1 >= got);
	close(fd);
	write_file("\n", "%s/trigger/current_trigger", device.sysfs);
}

static void the_kfifo_comes_and_goes_with_its_trigger(void)
{
	struct device device = find_device("studio-kfifo");
	char trigger[128];

	set_control(&device, "present", 0);
	check(!device_exists("studio-kfifo"));
	set_control(&device, "present", 1);
	check(device_exists("studio-kfifo"));
	find_trigger("studio-trigger", trigger, sizeof(trigger));
}

static void expect(const struct device *device, const char *attribute, const char *text)
{
	char path[300], got[200];
	int length;

	snprintf(path, sizeof(path), "%s/%s", device->sysfs, attribute);
	length = try_read_file(got, sizeof(got), path);
	check(length >= 0);
	if (length >= 0 && strcmp(got, text)) {
		printf("    %s reads \"%s\"\n", attribute, got);
		check(!"as expected");
	}
}

static int write_error(const struct device *device, const char *attribute, const char *text)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", device->sysfs, attribute);
	return try_write_file(text, path);
}

static int read_error(const struct device *device, const char *attribute)
{
	char path[300], text[64];

	snprintf(path, sizeof(path), "%s/%s", device->sysfs, attribute);
	return try_read_file(text, sizeof(text), path);
}

static void attributes_of_every_kind(void)
{
	struct device device = find_device("studio-attrs");

	check_equal(write_error(&device, "in_voltage0_hardwaregain", "-1.75 dB"), 0);
	expect(&device, "in_voltage0_hardwaregain", "-1.750000 dB\n");
	check_equal(write_error(&device, "in_voltage0_hardwaregain", "70.25"), -EINVAL);
	check_equal(write_error(&device, "in_voltage0_hardwaregain", "-1.25"), 0);
	check_equal(write_error(&device, "in_voltage_scale", "0.5"), 0);
	expect(&device, "in_voltage_scale", "0.500000\n");
	check_equal(write_error(&device, "in_voltage_scale", "0.3"), -EINVAL);
	check_equal(write_error(&device, "in_voltage1_calibbias", "-128"), 0);
	expect(&device, "in_voltage1_calibbias", "-128\n");
	check_equal(write_error(&device, "in_voltage0_gain_control_mode", "hybrid"), 0);
	expect(&device, "in_voltage0_gain_control_mode", "hybrid\n");
	check_equal(write_error(&device, "out_altvoltage0_RX_LO_frequency", "5999999999"), 0);
	expect(&device, "out_altvoltage0_RX_LO_frequency", "5999999999\n");
	/* What comes after in the same machine starts from what the driver starts with. */
	check_equal(write_error(&device, "out_altvoltage0_RX_LO_frequency", "2400000000"), 0);
	check_equal(write_error(&device, "note", "hello there\n"), 0);
	expect(&device, "note", "hello there\n");
	check_equal(write_error(&device, "tracking_en", "1"), 0);
	expect(&device, "tracking_en", "1\n");
	check_equal(write_error(&device, "rf_port", "nowhere"), -EINVAL);
	check_equal(write_error(&device, "reset", "1"), 0);
	expect(&device, "empty_text", "");
	expect(&device, "several_lines", "first line\nsecond line\n");
}

static void attributes_that_fail(void)
{
	struct device device = find_device("studio-attrs");

	check_equal(read_error(&device, "read_eio"), -EIO);
	check_equal(read_error(&device, "read_einval"), -EINVAL);
	check_equal(read_error(&device, "read_ebusy"), -EBUSY);
	check_equal(read_error(&device, "read_enodev"), -ENODEV);
	check_equal(write_error(&device, "write_eio", "1"), -EIO);
	check_equal(write_error(&device, "write_einval", "1"), -EINVAL);
	check_equal(write_error(&device, "write_ebusy", "1"), -EBUSY);
	check_equal(write_error(&device, "write_enodev", "1"), -ENODEV);
}

static void attributes_that_are_slow(void)
{
	struct device device = find_device("studio-attrs");
	uint64_t start = now_ns();

	set_control(&device, "slow_seconds", 1);
	check(read_error(&device, "slow_read") > 0);
	check(now_ns() - start >= 1000000000ULL);
	check_equal(write_error(&device, "slow_write", "1"), 0);
	check(now_ns() - start >= 2000000000ULL);
	set_control(&device, "slow_seconds", 3);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "the own trigger clocks the kfifo", the_own_trigger_clocks_the_kfifo },
		{ "an hrtimer trigger clocks the kfifo", an_hrtimer_trigger_clocks_the_kfifo },
		{ "the kfifo needs a trigger with a rate", the_kfifo_needs_a_trigger_with_a_rate },
		{ "the kfifo knows no DMABUF", the_kfifo_knows_no_dmabuf },
		{ "a full kfifo loses what the driver counts",
		  a_full_kfifo_loses_what_the_driver_counts },
		{ "the kfifo comes and goes with its trigger",
		  the_kfifo_comes_and_goes_with_its_trigger },
		{ "attributes of every kind", attributes_of_every_kind },
		{ "attributes that fail", attributes_that_fail },
		{ "attributes that are slow", attributes_that_are_slow },
	};

	return RUN_TESTS(tests, argc, argv);
}
