// SPDX-License-Identifier: MIT
/*
 * Streams of the test driver, with every sample checked: DMABUF from both kinds of memory, read(),
 * loss as the driver counts it, timestamps and formats.
 */
#define _GNU_SOURCE
#include "common.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES (64 * 1024)
#define UNPACED_HZ 1000000000

static uint64_t counter_word(uint64_t count)
{
	unsigned int phase = count & 0xfff;
	int triangle = (int)(phase < 0x800 ? phase : 0xfff - phase) * 16 - 16384;

	return (count & 0xffffffff) | (uint64_t)(uint16_t)~count << 32 |
	       (uint64_t)(uint16_t)triangle << 48;
}

/* Checks scans that must follow each other; returns the count of the first. */
static uint32_t check_counter(const void *data, size_t bytes, size_t scan_words)
{
	const uint64_t *words = data;
	uint32_t first = words[0];
	size_t i, wrong = 0;

	for (i = 0; i < bytes / 8 / scan_words; i++)
		wrong += words[i * scan_words] != counter_word(first + (uint32_t)i);
	check_equal(wrong, 0);
	return first;
}

struct stream {
	struct device device;
	int fd;
	struct block blocks[16];
	unsigned int count;
};

static struct stream open_stream(const char *name, unsigned int rate_hz, enum memory memory,
				 unsigned int count, size_t bytes)
{
	struct stream stream = { .device = find_device(name), .count = count };
	bool timestamped = !strcmp(name, "studio-timestamped");
	unsigned int i;

	write_number(rate_hz, timestamped ? "%s/in_voltage_sampling_frequency" : "%s/sampling_frequency",
		     stream.device.sysfs);
	enable_channels(&stream.device, 0,
			timestamped ?
			"in_voltage0,in_voltage1,in_voltage2,in_voltage3,in_timestamp" :
			"in_voltage0,in_voltage1,in_voltage2,in_voltage3");
	stream.fd = open_buffer(&stream.device, 0);
	for (i = 0; i < count; i++) {
		stream.blocks[i] = make_block(memory, bytes);
		attach(stream.fd, &stream.blocks[i]);
	}
	/* Only after the last ATTACH: it empties the list of what is queued. */
	for (i = 0; i < count; i++)
		enqueue(stream.fd, &stream.blocks[i]);
	enable_buffer(&stream.device, 0, true);
	return stream;
}

static void close_stream(struct stream *stream)
{
	unsigned int i;

	enable_buffer(&stream->device, 0, false);
	close(stream->fd);
	for (i = 0; i < stream->count; i++)
		free_block(&stream->blocks[i]);
}

/* A busy host may cost a paced stream some scans: then the driver must have counted the same. */
static void stream_with_counted_loss(enum memory memory, unsigned int rate_hz, unsigned int rounds)
{
	struct stream stream = open_stream("studio-counter", rate_hz, memory, 16, BLOCK_BYTES);
	uint64_t lost = 0;
	uint32_t expected = 0;
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		struct block *block = &stream.blocks[i % stream.count];
		uint32_t first;

		if (!wait_block(block, 20000))
			die("block %u does not complete", i);
		check_equal(block_status(block), 1);
		begin_access(block);
		first = check_counter(block->data, block->bytes, 1);
		end_access(block);
		lost += first - expected;
		expected = first + block->bytes / 8;
		if (i + stream.count < rounds)
			enqueue(stream.fd, block);
	}
	enable_buffer(&stream.device, 0, false);
	check_equal(get_control(&stream.device, "buffer0/lost"), lost);
	check_equal(get_control(&stream.device, "buffer0/delivered"),
		    (int64_t)rounds * BLOCK_BYTES / 8);
	check_equal(get_control(&stream.device, "buffer0/blocks"), rounds);
	check(get_control(&stream.device, "buffer0/produced") >= expected);
	if (rate_hz == UNPACED_HZ)
		check_equal(lost, 0);
	else if (lost)
		printf("    %llu scans lost\n", (unsigned long long)lost);
	close_stream(&stream);
}

static void dmabuf_from_the_system_heap(void)
{
	stream_with_counted_loss(MEMORY_SYSTEM_HEAP, 1000000, 200);
}

static void dmabuf_from_udmabuf(void)
{
	stream_with_counted_loss(MEMORY_UDMABUF, 1000000, 200);
}

static void unpaced_loses_nothing(void)
{
	stream_with_counted_loss(MEMORY_SYSTEM_HEAP, UNPACED_HZ, 1000);
}

static void completions_are_never_early(void)
{
	struct stream stream = open_stream("studio-counter", 1000000, MEMORY_SYSTEM_HEAP, 8,
					   BLOCK_BYTES);
	uint64_t first, last;
	double seconds;

	wait_block(&stream.blocks[0], 20000);
	wait_block(&stream.blocks[7], 20000);
	first = block_time_ns(&stream.blocks[0]);
	last = block_time_ns(&stream.blocks[7]);
	seconds = (last - first) / 1e9;
	printf("    7 blocks of 8.192 ms took %.3f ms\n", seconds * 1e3);
	/* The first may be late by what the host took from us, the last never early. */
	check(seconds > 0.030);
	close_stream(&stream);
}

static void loss_is_what_the_driver_counts(void)
{
	struct stream stream = open_stream("studio-counter", 100000, MEMORY_SYSTEM_HEAP, 2, 4096);
	uint64_t lost = 0, gaps = 0;
	uint32_t expected = 0;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		struct block *block = &stream.blocks[i % 2];
		uint32_t first;

		if (!wait_block(block, 20000))
			die("block %u does not complete", i);
		first = check_counter(block->data, block->bytes, 1);
		lost += first - expected;
		gaps += first != expected;
		expected = first + block->bytes / 8;
		if (i % 5 == 4)
			sleep_ms(30);
		enqueue(stream.fd, block);
	}
	/* Both blocks are in flight; they complete, then the count is at rest. */
	for (i = 0; i < 2; i++) {
		struct block *block = &stream.blocks[i];
		uint32_t first;

		wait_block(block, 20000);
		first = ((uint64_t *)block->data)[0];
		lost += first - expected;
		gaps += first != expected;
		expected = first + block->bytes / 8;
	}
	printf("    %llu scans lost in %llu gaps\n", (unsigned long long)lost,
	       (unsigned long long)gaps);
	check(lost > 0);
	check_equal(get_control(&stream.device, "buffer0/lost"), lost);
	check_equal(get_control(&stream.device, "buffer0/gaps"), gaps);
	close_stream(&stream);
}

static void read_path_delivers(void)
{
	struct device device = find_device("studio-counter");
	static uint64_t words[8192];
	uint32_t expected = 0, first;
	uint64_t lost = 0;
	size_t got = 0;
	int fd;

	write_number(100000, "%s/sampling_frequency", device.sysfs);
	enable_channels(&device, 0, "in_voltage0,in_voltage1,in_voltage2,in_voltage3");
	write_number(16384, "%s/buffer0/length", device.sysfs);
	fd = open_buffer(&device, 0);
	enable_for_reading(&device, 0, fd);
	while (got < 4 * sizeof(words)) {
		struct pollfd poller = { .fd = fd, .events = POLLIN };
		ssize_t bytes;

		if (poll(&poller, 1, 20000) != 1)
			die("no data to read");
		bytes = read(fd, words, sizeof(words));
		if (bytes <= 0)
			die("read");
		first = check_counter(words, bytes, 1);
		lost += first - expected;
		expected = first + bytes / 8;
		got += bytes;
	}
	enable_buffer(&device, 0, false);
	/* One more half may have been completed, after a gap of its own. */
	check(get_control(&device, "buffer0/lost") >= lost);
	close(fd);
	write_number(4096, "%s/buffer0/length", device.sysfs);
}

static void timestamps_follow_the_rate(void)
{
	struct stream stream = open_stream("studio-timestamped", 100000, MEMORY_UDMABUF, 4,
					   BLOCK_BYTES);
	int64_t previous = 0;
	uint32_t expected = 0;
	unsigned int i, wrong = 0;

	for (i = 0; i < 8; i++) {
		struct block *block = &stream.blocks[i % 4];
		int64_t *words = (int64_t *)block->data;
		uint32_t first;
		size_t at;

		if (!wait_block(block, 20000))
			die("block %u does not complete", i);
		first = check_counter(block->data, block->bytes, 2);
		for (at = 1; at < block->bytes / 8; at += 2) {
			int64_t periods = at == 1 ? first - expected + 1 : 1;

			wrong += previous && words[at] - previous != 10000 * periods;
			previous = words[at];
		}
		expected = first + block->bytes / 16;
		enqueue(stream.fd, block);
	}
	check_equal(wrong, 0);
	close_stream(&stream);
}

static void count_starts_where_asked(void)
{
	struct device device = find_device("studio-counter");
	struct stream stream;

	set_control(&device, "buffer0/start_count", 0xfffff000);
	stream = open_stream("studio-counter", 1000000, MEMORY_SYSTEM_HEAP, 2, BLOCK_BYTES);
	wait_block(&stream.blocks[0], 20000);
	check_equal(check_counter(stream.blocks[0].data, BLOCK_BYTES, 1), 0xfffff000);
	close_stream(&stream);
	set_control(&device, "buffer0/start_count", 0);
}

/* bits of the STUDIO_LINEAR value of a channel, as the README gives it. */
static uint64_t linear(uint64_t count, unsigned int index, unsigned int repeat, unsigned int bits)
{
	uint64_t value = count * (2 * index + 1) + 1000 * index + repeat;

	return bits == 64 ? value : value & ((1ULL << bits) - 1);
}

/* The layout of all channels: 0 i, 2 q, 4 u8, 8 u24, 12 s20, 16 s64, 32 quaternion, 48 u12, 56 time. */
static size_t wrong_formats(const uint8_t *scan, uint64_t count)
{
	uint16_t half;
	uint32_t word;
	uint64_t both;
	size_t wrong = 0;
	unsigned int i;

	memcpy(&half, scan, 2);
	wrong += be16toh(half) >> 4 != linear(count, 0, 0, 12);
	memcpy(&half, scan + 2, 2);
	wrong += be16toh(half) >> 4 != linear(count, 1, 0, 12);
	wrong += scan[4] != linear(count, 2, 0, 8);
	memcpy(&word, scan + 8, 4);
	wrong += le32toh(word) >> 8 != linear(count, 3, 0, 24);
	memcpy(&word, scan + 12, 4);
	wrong += (be32toh(word) >> 4 & 0xfffff) != linear(count, 4, 0, 20);
	memcpy(&both, scan + 16, 8);
	wrong += be64toh(both) != linear(count, 5, 0, 64);
	for (i = 0; i < 4; i++) {
		memcpy(&word, scan + 32 + 4 * i, 4);
		wrong += le32toh(word) != linear(count, 6, i, 32);
	}
	memcpy(&half, scan + 48, 2);
	wrong += (le16toh(half) & 0xfff) != linear(count, 7, 0, 12);
	return wrong;
}

static void formats_in_buffer(int buffer)
{
	struct device device = find_device("studio-formats");
	struct block block = make_block(MEMORY_SYSTEM_HEAP, BLOCK_BYTES);
	size_t scan_bytes = 64, i, wrong = 0;
	int fd;

	enable_channels(&device, buffer,
			"in_voltage0_i,in_voltage0_q,in_voltage1,in_voltage2,in_voltage3,"
			"in_voltage4,in_rot_quaternion,in_voltage5,in_timestamp");
	fd = open_buffer(&device, buffer);
	attach(fd, &block);
	enqueue(fd, &block);
	enable_buffer(&device, buffer, true);
	if (!wait_block(&block, 20000))
		die("buffer %d does not complete", buffer);
	for (i = 0; i < block.bytes / scan_bytes; i++)
		wrong += wrong_formats(block.data + i * scan_bytes, i);
	check_equal(wrong, 0);

	/* The core runs one buffer at a time in hardware mode. */
	{
		char path[200];

		enable_channels(&device, !buffer, "in_voltage1");
		snprintf(path, sizeof(path), "%s/buffer%d/enable", device.sysfs, !buffer);
		check_equal(try_write_file("1", path), -EINVAL);
	}
	enable_buffer(&device, buffer, false);
	close(fd);
	free_block(&block);
}

static void formats_of_every_kind(void)
{
	formats_in_buffer(0);
	formats_in_buffer(1);
}

static void scans_of_three_bytes_cross_pages(void)
{
	struct device device = find_device("studio-formats");
	struct block block = make_block(MEMORY_UDMABUF, BLOCK_BYTES);
	size_t i, wrong = 0;
	int fd;

	/* 2 + 2 + 1 bytes, padded to 6: no divisor of a page. */
	enable_channels(&device, 0, "in_voltage0_i,in_voltage0_q,in_voltage1");
	fd = open_buffer(&device, 0);
	attach(fd, &block);
	enqueue(fd, &block);
	enable_buffer(&device, 0, true);
	wait_block(&block, 20000);
	for (i = 0; i < block.bytes / 6; i++)
		wrong += block.data[6 * i + 4] != linear(i, 2, 0, 8);
	check_equal(wrong, 0);
	enable_buffer(&device, 0, false);
	close(fd);
	free_block(&block);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "DMABUF from the system heap", dmabuf_from_the_system_heap },
		{ "DMABUF from udmabuf over memfd", dmabuf_from_udmabuf },
		{ "unpaced loses nothing", unpaced_loses_nothing },
		{ "completions are never early", completions_are_never_early },
		{ "loss is what the driver counts", loss_is_what_the_driver_counts },
		{ "read() delivers every scan", read_path_delivers },
		{ "timestamps follow the rate", timestamps_follow_the_rate },
		{ "the count starts where asked", count_starts_where_asked },
		{ "formats of every kind, in both buffers", formats_of_every_kind },
		{ "scans cross page borders", scans_of_three_bytes_cross_pages },
	};

	return RUN_TESTS(tests, argc, argv);
}
