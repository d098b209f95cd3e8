/* SPDX-License-Identifier: MIT */
/*
 * What the programs inside the test kernel share: the DMABUF ioctls, devices by name, blocks of
 * memory, and checks. The ioctl numbers are written out because the headers of Debian 12 are older
 * than the interface (Linux 6.11, include/uapi/linux/iio/buffer.h).
 */
#ifndef KERNEL_TEST_COMMON_H
#define KERNEL_TEST_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

struct iio_dmabuf {
	uint32_t fd;
	uint32_t flags;
	uint64_t bytes_used;
};

#define IIO_BUFFER_GET_FD_IOCTL		_IOWR('i', 0x91, int)
#define IIO_BUFFER_DMABUF_ATTACH_IOCTL	_IOW('i', 0x92, int)
#define IIO_BUFFER_DMABUF_DETACH_IOCTL	_IOW('i', 0x93, int)
#define IIO_BUFFER_DMABUF_ENQUEUE_IOCTL	_IOW('i', 0x94, struct iio_dmabuf)

struct device {
	char name[64];
	char sysfs[128];	/* /sys/bus/iio/devices/iio:deviceN */
	char node[64];		/* /dev/iio:deviceN */
	char control[128];	/* /sys/kernel/debug/iio-studio/NAME */
};

enum memory { MEMORY_SYSTEM_HEAP, MEMORY_UDMABUF };

struct block {
	int fd;		/* the dma-buf */
	int memfd;	/* behind a udmabuf, or -1 */
	int sync_fd;	/* sync_file of the transfer in flight, or -1 */
	uint8_t *data;
	size_t bytes;
};

/* Files: the path is a printf format. Failing ends the program. */
void write_file(const char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void write_number(uint64_t value, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t read_number(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, but gives 0 or -errno. */
int try_write_file(const char *text, const char *path);
/* Length of the text, or -errno. */
int try_read_file(char *text, size_t bytes, const char *path);

/* Devices of the test driver. */
struct device find_device(const char *name);
bool device_exists(const char *name);
void set_control(const struct device *device, const char *name, uint64_t value);
uint64_t get_control(const struct device *device, const char *name);
/* Enables exactly these channels ("in_voltage0,in_timestamp") in a buffer. */
void enable_channels(const struct device *device, int buffer, const char *channels);
void enable_buffer(const struct device *device, int buffer, bool enable);
int open_buffer(const struct device *device, int buffer);
/*
 * Enables a buffer for read() and waits for its first data. The kernel lets go of detached blocks
 * in a work queue; a buffer that is enabled before that never has anything to read.
 */
void enable_for_reading(const struct device *device, int buffer, int buffer_fd);

/* Blocks. */
struct block make_block(enum memory memory, size_t bytes);
void free_block(struct block *block);
void attach(int buffer_fd, const struct block *block);
int try_enqueue(int buffer_fd, const struct block *block, size_t bytes);
/* Enqueues the whole block and exports its sync_file. */
void enqueue(int buffer_fd, struct block *block);
/* Waits for the block's sync_file: true if it signalled in time. */
bool wait_block(const struct block *block, int timeout_ms);
/* Status in SYNC_IOC_FILE_INFO: 1 done, 0 pending, -errno failed. */
int block_status(const struct block *block);
/* Completion time of its fence, CLOCK_MONOTONIC. */
uint64_t block_time_ns(const struct block *block);
void close_sync(struct block *block);
void begin_access(const struct block *block);
void end_access(const struct block *block);

uint64_t now_ns(void);
double cpu_seconds(void);
void sleep_ms(int milliseconds);

/* Ends the program with a sentence. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Checks: a test is a function; check() counts and goes on. */
void check_at(bool holds, const char *what, const char *file, int line);
#define check(condition) check_at((condition), #condition, __FILE__, __LINE__)
void check_equal_at(int64_t got, int64_t wanted, const char *what, const char *file, int line);
#define check_equal(got, wanted) check_equal_at((got), (wanted), #got, __FILE__, __LINE__)

struct test {
	const char *name;
	void (*run)(void);
};
/* Runs the tests whose name holds argv[1] (or all); returns the exit code. */
int run_tests(const struct test *tests, size_t count, int argc, char **argv);
#define RUN_TESTS(tests, argc, argv) \
	run_tests(tests, sizeof(tests) / sizeof((tests)[0]), argc, argv)

#endif
