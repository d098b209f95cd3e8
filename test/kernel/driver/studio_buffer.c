// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IIO buffer around a studio_queue: its callbacks, and its life from plug to the last close.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "studio.h"

static int enable(struct iio_buffer *buffer, struct iio_dev *indio_dev)
{
	struct studio_queue *queue = studio_queue_of(buffer);
	int ret;

	ret = studio_layout_init(&queue->layout, indio_dev, buffer->scan_mask,
				 buffer->scan_timestamp);
	if (ret)
		return ret;
	if (WARN_ON(queue->layout.bytes != buffer->bytes_per_datum))
		return -EINVAL;

	studio_queue_start(queue);
	queue->epoch = iio_get_time_ns(indio_dev);
	ret = iio_dma_buffer_enable(buffer, indio_dev);
	studio_queue_run(queue, !ret);
	return ret;
}

static int disable(struct iio_buffer *buffer, struct iio_dev *indio_dev)
{
	studio_queue_stop(studio_queue_of(buffer));
	return iio_dma_buffer_disable(buffer, indio_dev);
}

static void release(struct iio_buffer *buffer)
{
	struct studio_queue *queue = studio_queue_of(buffer);

	iio_dma_buffer_release(&queue->dma);
	kfree(queue);
}

static const struct iio_buffer_access_funcs access_funcs = {
	.read = iio_dma_buffer_read,
	.set_bytes_per_datum = iio_dma_buffer_set_bytes_per_datum,
	.set_length = iio_dma_buffer_set_length,
	.request_update = iio_dma_buffer_request_update,
	.enable = enable,
	.disable = disable,
	.data_available = iio_dma_buffer_usage,
	.release = release,
	.enqueue_dmabuf = iio_dma_buffer_enqueue_dmabuf,
	.attach_dmabuf = iio_dma_buffer_attach_dmabuf,
	.detach_dmabuf = iio_dma_buffer_detach_dmabuf,
	.lock_queue = iio_dma_buffer_lock_queue,
	.unlock_queue = iio_dma_buffer_unlock_queue,
	.get_dma_dev = iio_dma_buffer_get_dma_dev,
	.modes = INDIO_BUFFER_HARDWARE,
	.flags = INDIO_BUFFER_FLAG_FIXED_WATERMARK,
};

/* Attaches a new input buffer to @indio_dev; to be called before the device is registered. */
struct studio_queue *studio_buffer_create(struct studio_port *port, struct device *dev,
					  struct iio_dev *indio_dev,
					  const struct iio_dev_attr **attrs, u32 rate_hz)
{
	struct studio_queue *queue = kzalloc(sizeof(*queue), GFP_KERNEL);
	int ret;

	if (!queue)
		return ERR_PTR(-ENOMEM);
	queue->port = port;
	queue->rate_hz = rate_hz;
	queue->run_rate_hz = rate_hz;
	spin_lock_init(&queue->lock);
	mutex_init(&queue->fill_lock);
	INIT_LIST_HEAD(&queue->jobs);
	init_waitqueue_head(&queue->work);
	hrtimer_init(&queue->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	queue->timer.function = studio_queue_timer;
	iio_dma_buffer_init(&queue->dma, dev, &studio_dma_ops);
	queue->dma.buffer.access = &access_funcs;
	queue->dma.buffer.attrs = attrs;
	queue->dma.buffer.direction = IIO_BUFFER_DIRECTION_IN;

	queue->filler = kthread_run(studio_queue_fill, queue, "studio-fill");
	if (IS_ERR(queue->filler)) {
		ret = PTR_ERR(queue->filler);
		iio_buffer_put(&queue->dma.buffer);
		return ERR_PTR(ret);
	}
	ret = iio_device_attach_buffer(indio_dev, &queue->dma.buffer);
	if (ret) {
		kthread_stop(queue->filler);
		iio_buffer_put(&queue->dma.buffer);
		return ERR_PTR(ret);
	}
	scoped_guard(mutex, &port->lock)
		port->queue = queue;
	return queue;
}

/* After this the queue is driven no more; its memory goes with the last open file. */
void studio_buffer_destroy(struct studio_queue *queue)
{
	scoped_guard(mutex, &queue->port->lock)
		queue->port->queue = NULL;
	iio_dma_buffer_exit(&queue->dma);
	hrtimer_cancel(&queue->timer);
	kthread_stop(queue->filler);
	iio_buffer_put(&queue->dma.buffer);
}
