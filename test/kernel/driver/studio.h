/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Test driver of IIO Studio: devices whose samples are known in advance, so that every sample of
 * a recording can be checked, with faults on demand.
 */
#ifndef IIO_STUDIO_TEST_H
#define IIO_STUDIO_TEST_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include <linux/iio/buffer-dma.h>
#include <linux/iio/buffer_impl.h>
#include <linux/iio/iio.h>

struct dentry;
struct task_struct;

#define STUDIO_MAX_ELEMENTS	10
#define STUDIO_MAX_SCAN_BYTES	128

/* A device set to this rate is not paced: each block completes as soon as it is filled. */
#define STUDIO_UNPACED_HZ	1000000000U

/* How the value of a channel follows from the scan count; held in iio_chan_spec.address. */
enum studio_value {
	STUDIO_COUNT_LOW,	/* bits 0..15 of the count */
	STUDIO_COUNT_HIGH,	/* bits 16..31 of the count */
	STUDIO_INVERTED,	/* bits 0..15 of the count, each inverted */
	STUDIO_TRIANGLE,	/* period 4096 scans, -16384 to 16368 */
	STUDIO_LINEAR,		/* count * (2 * scan_index + 1) + 1000 * scan_index + repeat */
};

struct studio_element {
	struct iio_scan_type type;
	enum studio_value value;
	unsigned int index;
	unsigned int offset;
	bool timestamp;
};

struct studio_layout {
	struct studio_element elements[STUDIO_MAX_ELEMENTS];
	unsigned int count;
	size_t bytes;
	bool padded;
	/* The four counter channels come first and can be written as one word. */
	bool counter_word;
	/* Byte offset of the timestamp, or -1. */
	int timestamp_offset;
};

/* Where in the stream of scans the next byte is written, and when that scan was taken. */
struct studio_cursor {
	const struct studio_layout *layout;
	u64 count;
	s64 timestamp;
	u64 timestamp_remainder;
	u32 rate_hz;
	u32 jitter_ns;
	size_t phase;
	u8 scan[STUDIO_MAX_SCAN_BYTES] __aligned(8);
};

int studio_layout_init(struct studio_layout *layout, struct iio_dev *indio_dev,
		       const unsigned long *mask, bool timestamp);
u64 studio_value(enum studio_value value, unsigned int index, unsigned int repeat, u64 count);
void studio_cursor_init(struct studio_cursor *cursor, const struct studio_layout *layout,
			u64 first_count, u64 scan, s64 epoch, u32 rate_hz, u32 jitter_ns);
void studio_cursor_write(struct studio_cursor *cursor, void *to, size_t bytes);

/*
 * One buffer as its debugfs folder shows it: what was counted since the buffer was enabled, and
 * which faults are asked for. Lives as long as the module, across unplug and replug.
 */
struct studio_port {
	/* Counted. */
	u64 delivered;
	u64 lost;
	u64 gaps;
	u64 blocks;
	u64 failed_blocks;
	u64 stretched_ns;
	u64 produced;
	u64 outstanding;
	/* Asked for. */
	u64 start_count;
	u32 fill;
	u32 jitter_ns;
	u32 abort_next;
	u32 refuse_next;
	u32 drop_scans;
	u32 stall;

	/* Guards queue, which is NULL while unplugged. */
	struct mutex lock;
	struct studio_queue *queue;
};

/* One device of this driver, plugged in or not. */
struct studio_unit {
	const char *name;
	unsigned int ports_used;
	int (*plug)(struct studio_unit *unit, struct platform_device *pdev);
	void (*unplug)(struct studio_unit *unit, struct platform_device *pdev);
	void (*add_controls)(struct studio_unit *unit, struct dentry *folder);

	struct studio_port ports[2];
	struct mutex lock;
	struct platform_device *pdev;
};

extern struct studio_unit studio_counter;
extern struct studio_unit studio_timestamped;
extern struct studio_unit studio_formats;
extern struct studio_unit studio_kfifo;
extern struct studio_unit studio_attrs;

/* The emulated converter and DMA engine behind one buffer. */
struct studio_queue {
	struct iio_dma_buffer_queue dma;
	struct studio_port *port;
	u32 rate_hz;

	/* Guards everything below; taken in interrupt context. */
	spinlock_t lock;
	struct list_head jobs;
	u64 tail;
	u64 start_ns;
	u64 stalled_ns;
	u64 stopped_ns;
	u64 delivered_end;
	bool running;
	bool starting;
	bool stalled;

	/* Constant while the buffer is enabled. */
	struct studio_layout layout;
	s64 epoch;
	u32 run_rate_hz;
	u32 run_fill;
	u32 run_jitter_ns;
	u64 run_start_count;

	struct hrtimer timer;
	/* Held while blocks are written to, so that an abort can wait for it. */
	struct mutex fill_lock;
	struct task_struct *filler;
	wait_queue_head_t work;
};

static inline struct studio_queue *studio_queue_of(struct iio_buffer *buffer)
{
	return container_of(buffer, struct studio_queue, dma.buffer);
}

/* studio_buffer.c */
struct studio_queue *studio_buffer_create(struct studio_port *port, struct device *dev,
					  struct iio_dev *indio_dev,
					  const struct iio_dev_attr **attrs, u32 rate_hz);
void studio_buffer_destroy(struct studio_queue *queue);

/* studio_queue.c */
extern const struct iio_dma_buffer_ops studio_dma_ops;
int studio_queue_fill(void *queue);
enum hrtimer_restart studio_queue_timer(struct hrtimer *timer);
void studio_queue_start(struct studio_queue *queue);
void studio_queue_run(struct studio_queue *queue, bool run);
void studio_queue_stop(struct studio_queue *queue);
u64 studio_queue_produced(struct studio_queue *queue);
void studio_queue_stall(struct studio_queue *queue, bool stall);

/* iio_studio_test.c */
int studio_plug(struct studio_unit *unit);
void studio_unplug(struct studio_unit *unit);
bool studio_is_plugged(struct studio_unit *unit);

/* studio_control.c */
struct dentry *studio_control_create(struct studio_unit *const *units, unsigned int count);

#endif
