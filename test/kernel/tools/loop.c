// SPDX-License-Identifier: MIT
/*
 * The loop that the benchmarks compare with: for each block the ioctls that the studio's pool does
 * (poll on the sync_file and a stop eventfd, its information, SYNC START, SYNC END, ENQUEUE, export
 * of the next sync_file), and nothing else; with --touch every byte is read once. With --read it is
 * read() instead. The device runs unpaced. Prints one JSON object.
 */
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const char channels[] = "in_voltage0,in_voltage1,in_voltage2,in_voltage3";
static const unsigned int scan_bytes = 8;

struct options {
	const char *device;
	enum memory memory;
	size_t block_bytes;
	unsigned int blocks;
	unsigned int queued;
	unsigned int rate_hz;
	double seconds;
	bool fill;
	bool touch;
	bool use_read;
};

struct result {
	uint64_t bytes;
	uint64_t blocks;
	double seconds;
	double cpu_seconds;
	uint64_t sum;
};

static uint64_t read_every_byte(const uint8_t *data, size_t bytes)
{
	const uint64_t *words = (const uint64_t *)data;
	uint64_t a = 0, b = 0, c = 0, d = 0;
	size_t i;

	for (i = 0; i + 4 <= bytes / 8; i += 4) {
		a += words[i];
		b += words[i + 1];
		c += words[i + 2];
		d += words[i + 3];
	}
	return a + b + c + d;
}

static void wait_or_die(int fd, int stop_fd)
{
	struct pollfd pollers[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN },
	};

	if (poll(pollers, 2, 10000) < 1 || !pollers[0].revents)
		die("no block within 10 s");
}

/* Blocks are queued again in the order of their completion, the oldest that was kept first. */
static struct result run_dmabuf(const struct options *options, const struct device *device, int fd)
{
	struct block *blocks = calloc(options->blocks, sizeof(*blocks));
	struct result result = { 0 };
	int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint64_t start, deadline, done = 0, enqueued = 0;
	double cpu_start;
	unsigned int i;

	for (i = 0; i < options->blocks; i++) {
		blocks[i] = make_block(options->memory, options->block_bytes);
		attach(fd, &blocks[i]);
	}
	for (; enqueued < options->queued; enqueued++)
		enqueue(fd, &blocks[enqueued]);
	start = now_ns();
	deadline = start + (uint64_t)(options->seconds * 1e9);
	cpu_start = cpu_seconds();
	enable_buffer(device, 0, true);

	while (now_ns() < deadline) {
		struct block *finished = &blocks[done++ % options->blocks];
		struct block *next = &blocks[enqueued % options->blocks];

		wait_or_die(finished->sync_fd, stop_fd);
		if (block_status(finished) != 1)
			die("a block failed");
		close_sync(finished);
		begin_access(finished);
		if (enqueued++ >= options->blocks)
			end_access(next);
		if (next == finished && options->touch)
			result.sum += read_every_byte(finished->data, options->block_bytes);
		enqueue(fd, next);
		if (next != finished && options->touch)
			result.sum += read_every_byte(finished->data, options->block_bytes);
		result.bytes += options->block_bytes;
	}
	result.seconds = (now_ns() - start) / 1e9;
	result.cpu_seconds = cpu_seconds() - cpu_start;
	result.blocks = done;
	enable_buffer(device, 0, false);
	return result;
}

/* Into as many blocks in turn as the pool has, so that both meet the same caches. */
static struct result run_read(const struct options *options, const struct device *device, int fd)
{
	uint8_t *memory = malloc(options->block_bytes * options->blocks);
	struct result result = { 0 };
	int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint64_t start, deadline;
	double cpu_start;

	memset(memory, 0, options->block_bytes * options->blocks);
	enable_for_reading(device, 0, fd);
	start = now_ns();
	deadline = start + (uint64_t)(options->seconds * 1e9);
	cpu_start = cpu_seconds();
	while (now_ns() < deadline) {
		uint8_t *data = memory + result.blocks % options->blocks * options->block_bytes;
		ssize_t bytes;

		wait_or_die(fd, stop_fd);
		bytes = read(fd, data, options->block_bytes);
		/* After a run of an odd number of halves poll looks at one and read at the other. */
		if (bytes < 0 && errno == EAGAIN)
			continue;
		if (bytes <= 0)
			die("read");
		if (options->touch)
			result.sum += read_every_byte(data, bytes);
		result.bytes += bytes;
		result.blocks++;
	}
	result.seconds = (now_ns() - start) / 1e9;
	result.cpu_seconds = cpu_seconds() - cpu_start;
	enable_buffer(device, 0, false);
	return result;
}

static void print_result(const struct options *options, const struct result *result)
{
	double gigabytes = result->bytes / 1e9;

	printf("{\"transport\":\"%s\",\"memory\":\"%s\",\"blockBytes\":%zu,\"blocks\":%u,"
	       "\"queued\":%u,\"touch\":%s,\"filled\":%s,\"seconds\":%.6f,\"bytes\":%llu,"
	       "\"completed\":%llu,\"mbPerSecond\":%.1f,\"cpuSeconds\":%.6f,"
	       "\"cpuSecondsPerGB\":%.4f,\"sum\":\"%llx\"}\n",
	       options->use_read ? "read" : "dmabuf",
	       options->use_read ? "none" :
	       options->memory == MEMORY_UDMABUF ? "udmabuf" : "system",
	       options->block_bytes, options->blocks, options->queued,
	       options->touch ? "true" : "false", options->fill ? "true" : "false",
	       result->seconds, (unsigned long long)result->bytes,
	       (unsigned long long)result->blocks, result->bytes / result->seconds / 1e6,
	       result->cpu_seconds, result->cpu_seconds / gigabytes,
	       (unsigned long long)result->sum);
}

static const char usage[] =
	"usage: loop [--device NAME] [--memory system|udmabuf] [--block-bytes N] [--blocks N]\n"
	"            [--queued N] [--rate HZ] [--seconds T] [--fill 0|1] [--touch] [--read]\n";

static struct options parse(int argc, char **argv)
{
	static const struct option names[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "memory", required_argument, NULL, 'm' },
		{ "block-bytes", required_argument, NULL, 'b' },
		{ "blocks", required_argument, NULL, 'n' },
		{ "queued", required_argument, NULL, 'q' },
		{ "rate", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "fill", required_argument, NULL, 'f' },
		{ "touch", no_argument, NULL, 't' },
		{ "read", no_argument, NULL, 'R' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = {
		.device = "studio-counter", .memory = MEMORY_SYSTEM_HEAP, .block_bytes = 262144,
		.blocks = 16, .queued = 8, .rate_hz = 1000000000, .seconds = 3, .fill = true,
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (option) {
		case 'd': options.device = optarg; break;
		case 'm':
			options.memory = strcmp(optarg, "udmabuf") ? MEMORY_SYSTEM_HEAP :
								     MEMORY_UDMABUF;
			break;
		case 'b': options.block_bytes = strtoull(optarg, NULL, 10); break;
		case 'n': options.blocks = strtoul(optarg, NULL, 10); break;
		case 'q': options.queued = strtoul(optarg, NULL, 10); break;
		case 'r': options.rate_hz = strtoul(optarg, NULL, 10); break;
		case 's': options.seconds = strtod(optarg, NULL); break;
		case 'f': options.fill = atoi(optarg); break;
		case 't': options.touch = true; break;
		case 'R': options.use_read = true; break;
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (!options.queued || options.queued > options.blocks || options.block_bytes % 4096) {
		fputs(usage, stderr);
		exit(2);
	}
	return options;
}

int main(int argc, char **argv)
{
	struct options options = parse(argc, argv);
	struct device device = find_device(options.device);
	struct result result;
	int fd;

	write_number(options.rate_hz, "%s/sampling_frequency", device.sysfs);
	enable_channels(&device, 0, channels);
	set_control(&device, "buffer0/fill", options.fill);
	if (options.use_read)
		write_number(2 * options.block_bytes / scan_bytes, "%s/buffer0/length",
			     device.sysfs);
	fd = open_buffer(&device, 0);
	result = options.use_read ? run_read(&options, &device, fd) :
				    run_dmabuf(&options, &device, fd);
	close(fd);
	set_control(&device, "buffer0/fill", 1);
	print_result(&options, &result);
	return 0;
}
