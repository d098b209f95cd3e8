// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/sync_file.h>
#include <linux/udmabuf.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, " (%s)\n", strerror(errno));
	exit(2);
}

#define PATH_FROM(path, format)						\
	char path[512];							\
	do {								\
		va_list arguments;					\
		va_start(arguments, format);				\
		vsnprintf(path, sizeof(path), format, arguments);	\
		va_end(arguments);					\
	} while (0)

int try_write_file(const char *text, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written;
	int error;

	if (fd < 0)
		return -errno;
	written = write(fd, text, strlen(text));
	error = written < 0 ? -errno : 0;
	close(fd);
	return error;
}

int try_read_file(char *text, size_t bytes, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, text, bytes - 1);
	if (length < 0)
		length = -errno;
	else
		text[length] = 0;
	close(fd);
	return length;
}

void write_file(const char *text, const char *format, ...)
{
	PATH_FROM(path, format);
	int error = try_write_file(text, path);

	errno = -error;
	if (error)
		die("cannot write \"%s\" to %s", text, path);
}

void write_number(uint64_t value, const char *format, ...)
{
	PATH_FROM(path, format);
	char text[32];
	int error;

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	error = try_write_file(text, path);
	errno = -error;
	if (error)
		die("cannot write %s to %s", text, path);
}

uint64_t read_number(const char *format, ...)
{
	PATH_FROM(path, format);
	char text[64];
	int length = try_read_file(text, sizeof(text), path);

	errno = length < 0 ? -length : 0;
	if (length <= 0)
		die("cannot read %s", path);
	return strtoull(text, NULL, 10);
}

static bool look_up(const char *name, struct device *device)
{
	DIR *folder = opendir("/sys/bus/iio/devices");
	struct dirent *entry;
	bool found = false;

	if (!folder)
		return false;
	while (!found && (entry = readdir(folder))) {
		char path[400], text[64];

		if (strncmp(entry->d_name, "iio:device", 10))
			continue;
		snprintf(path, sizeof(path), "/sys/bus/iio/devices/%s/name", entry->d_name);
		if (try_read_file(text, sizeof(text), path) <= 0)
			continue;
		text[strcspn(text, "\n")] = 0;
		if (strcmp(text, name))
			continue;
		found = true;
		snprintf(device->name, sizeof(device->name), "%s", name);
		snprintf(device->sysfs, sizeof(device->sysfs), "/sys/bus/iio/devices/%.60s",
			 entry->d_name);
		snprintf(device->node, sizeof(device->node), "/dev/%.50s", entry->d_name);
		snprintf(device->control, sizeof(device->control),
			 "/sys/kernel/debug/iio-studio/%s", name);
	}
	closedir(folder);
	return found;
}

bool device_exists(const char *name)
{
	struct device device;

	return look_up(name, &device);
}

struct device find_device(const char *name)
{
	struct device device;

	if (!look_up(name, &device))
		die("there is no device %s", name);
	return device;
}

void set_control(const struct device *device, const char *name, uint64_t value)
{
	write_number(value, "%s/%s", device->control, name);
}

uint64_t get_control(const struct device *device, const char *name)
{
	return read_number("%s/%s", device->control, name);
}

void enable_channels(const struct device *device, int buffer, const char *channels)
{
	char folder[200], list[300];
	struct dirent *entry;
	DIR *directory;

	snprintf(folder, sizeof(folder), "%s/buffer%d", device->sysfs, buffer);
	snprintf(list, sizeof(list), ",%s,", channels);
	directory = opendir(folder);
	if (!directory)
		die("cannot open %s", folder);
	while ((entry = readdir(directory))) {
		char name[300];
		size_t length = strlen(entry->d_name);

		if (length < 4 || strcmp(entry->d_name + length - 3, "_en"))
			continue;
		snprintf(name, sizeof(name), ",%.*s,", (int)length - 3, entry->d_name);
		write_file(strstr(list, name) ? "1" : "0", "%s/%s", folder, entry->d_name);
	}
	closedir(directory);
}

void enable_buffer(const struct device *device, int buffer, bool enable)
{
	write_file(enable ? "1" : "0", "%s/buffer%d/enable", device->sysfs, buffer);
}

int open_buffer(const struct device *device, int buffer)
{
	int node = open(device->node, O_RDWR | O_CLOEXEC);
	int fd = buffer;

	if (node < 0)
		die("cannot open %s", device->node);
	if (ioctl(node, IIO_BUFFER_GET_FD_IOCTL, &fd))
		die("no buffer %d of %s", buffer, device->name);
	close(node);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}

void enable_for_reading(const struct device *device, int buffer, int buffer_fd)
{
	struct pollfd poller = { .fd = buffer_fd, .events = POLLIN };
	int attempt;

	for (attempt = 0; attempt < 20; attempt++) {
		enable_buffer(device, buffer, true);
		if (poll(&poller, 1, 1000) == 1)
			return;
		enable_buffer(device, buffer, false);
	}
	die("no data to read");
}

static int allocate_from_heap(size_t bytes)
{
	int heap = open("/dev/dma_heap/system", O_RDONLY | O_CLOEXEC);
	struct dma_heap_allocation_data request = { .len = bytes, .fd_flags = O_RDWR | O_CLOEXEC };

	if (heap < 0 || ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &request))
		die("no memory from the system heap");
	close(heap);
	return request.fd;
}

static int make_udmabuf(size_t bytes, int *memfd)
{
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	struct udmabuf_create request = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = bytes };
	int fd;

	*memfd = memfd_create("blocks", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	request.memfd = *memfd;
	if (device < 0 || *memfd < 0 || ftruncate(*memfd, bytes) ||
	    fcntl(*memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		die("no sealed memfd");
	fd = ioctl(device, UDMABUF_CREATE, &request);
	if (fd < 0)
		die("no udmabuf");
	close(device);
	return fd;
}

struct block make_block(enum memory memory, size_t bytes)
{
	struct block block = { .memfd = -1, .sync_fd = -1, .bytes = bytes };

	if (memory == MEMORY_SYSTEM_HEAP)
		block.fd = allocate_from_heap(bytes);
	else
		block.fd = make_udmabuf(bytes, &block.memfd);
	block.data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, block.fd, 0);
	if (block.data == MAP_FAILED)
		die("cannot map a block");
	return block;
}

void free_block(struct block *block)
{
	close_sync(block);
	munmap(block->data, block->bytes);
	close(block->fd);
	if (block->memfd >= 0)
		close(block->memfd);
}

void attach(int buffer_fd, const struct block *block)
{
	int fd = block->fd;

	if (ioctl(buffer_fd, IIO_BUFFER_DMABUF_ATTACH_IOCTL, &fd))
		die("cannot attach a block");
}

int try_enqueue(int buffer_fd, const struct block *block, size_t bytes)
{
	struct iio_dmabuf request = { .fd = block->fd, .bytes_used = bytes };

	return ioctl(buffer_fd, IIO_BUFFER_DMABUF_ENQUEUE_IOCTL, &request) ? -errno : 0;
}

void close_sync(struct block *block)
{
	if (block->sync_fd >= 0)
		close(block->sync_fd);
	block->sync_fd = -1;
}

void enqueue(int buffer_fd, struct block *block)
{
	struct dma_buf_export_sync_file request = { .flags = DMA_BUF_SYNC_READ, .fd = -1 };
	int error = try_enqueue(buffer_fd, block, block->bytes);

	errno = -error;
	if (error)
		die("cannot enqueue a block");
	close_sync(block);
	if (ioctl(block->fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &request))
		die("no sync_file");
	block->sync_fd = request.fd;
}

bool wait_block(const struct block *block, int timeout_ms)
{
	struct pollfd poller = { .fd = block->sync_fd, .events = POLLIN };

	return poll(&poller, 1, timeout_ms) == 1;
}

static struct sync_fence_info fence_of(const struct block *block)
{
	struct sync_fence_info fence = { 0 };
	struct sync_file_info info = { .num_fences = 1, .sync_fence_info = (uintptr_t)&fence };

	if (ioctl(block->sync_fd, SYNC_IOC_FILE_INFO, &info))
		die("no fence information");
	return fence;
}

int block_status(const struct block *block)
{
	return fence_of(block).status;
}

uint64_t block_time_ns(const struct block *block)
{
	return fence_of(block).timestamp_ns;
}

static void bracket(const struct block *block, uint64_t flags)
{
	struct dma_buf_sync request = { .flags = flags };

	if (ioctl(block->fd, DMA_BUF_IOCTL_SYNC, &request))
		die("DMA_BUF_IOCTL_SYNC");
}

void begin_access(const struct block *block)
{
	bracket(block, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
}

void end_access(const struct block *block)
{
	bracket(block, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
}

uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void sleep_ms(int milliseconds)
{
	struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

	nanosleep(&time, NULL);
}
