// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulated converter and DMA engine behind one buffer, on the upstream queue of
 * industrialio-buffer-dma.
 *
 * The converter counts scans from the moment the buffer is enabled, at the set rate and whether a
 * block is queued or not. A block that is queued while another is in flight begins with the scan
 * after that one's last; a block that is queued when none is in flight begins with the scan of
 * that moment, and what came between is lost. So loss follows from the times of ENQUEUE alone.
 *
 * What a block will hold is known as soon as it is queued. A thread writes it at once, and a timer
 * completes the block when its last scan would have been taken: the completion is as punctual as
 * an interrupt. Where the thread is too slow for the rate, the converter's clock is held back and
 * the time is added up in stretched_ns: nothing is lost because an emulator is slow.
 */
#include <linux/errno.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "studio.h"

/* Written over a block that was filled ahead of its time and then aborted. */
#define ABORTED_BYTE	0xdb

struct studio_job {
	struct list_head node;
	struct iio_dma_buffer_block *block;
	u64 start;
	u64 scans;
	bool filled;
	bool failed;
};

static bool is_unpaced(const struct studio_queue *queue)
{
	return queue->run_rate_hz == STUDIO_UNPACED_HZ;
}

static u64 converter_now(const struct studio_queue *queue)
{
	if (!queue->running && !queue->starting)
		return queue->stopped_ns;
	return queue->stalled ? queue->stalled_ns : ktime_get_ns();
}

/* Scans taken since the buffer was enabled. Called with the lock held. */
static u64 produced(const struct studio_queue *queue)
{
	u64 now = converter_now(queue);

	if (is_unpaced(queue))
		return queue->tail;
	if (now <= queue->start_ns)
		return 0;
	return mul_u64_u64_div_u64(now - queue->start_ns, queue->run_rate_hz, NSEC_PER_SEC);
}

static u64 end_ns(const struct studio_queue *queue, const struct studio_job *job)
{
	return queue->start_ns + 1 + mul_u64_u64_div_u64(job->start + job->scans, NSEC_PER_SEC,
							 queue->run_rate_hz);
}

u64 studio_queue_produced(struct studio_queue *queue)
{
	u64 scans;

	guard(spinlock_irqsave)(&queue->lock);
	scans = queue->running ? produced(queue) : queue->port->produced;
	return scans;
}

static struct studio_job *first_job(struct studio_queue *queue)
{
	return list_first_entry_or_null(&queue->jobs, struct studio_job, node);
}

static void signal_job(struct studio_queue *queue, struct studio_job *job)
{
	struct studio_port *port = queue->port;
	struct iio_dma_buffer_block *block = job->block;

	list_del(&job->node);
	port->outstanding--;
	if (job->failed) {
		LIST_HEAD(aborted);

		port->failed_blocks++;
		list_add_tail(&block->head, &aborted);
		iio_dma_buffer_block_list_abort(&queue->dma, &aborted);
	} else {
		if (port->blocks && job->start > queue->delivered_end) {
			port->lost += job->start - queue->delivered_end;
			port->gaps++;
		}
		queue->delivered_end = job->start + job->scans;
		port->delivered += job->scans;
		port->blocks++;
		block->bytes_used = job->scans * queue->layout.bytes;
		iio_dma_buffer_block_done(block);
	}
	kfree(job);
}

/*
 * Completes what is filled and due, and sets the timer for the next. @late: the caller has just
 * filled a block; if its time has passed, the converter's clock is held back by as much. Called
 * with the lock held.
 */
static void complete_due(struct studio_queue *queue, bool late)
{
	struct studio_job *job;

	while ((job = first_job(queue)) && job->filled && !queue->stalled) {
		u64 now = ktime_get_ns();
		u64 due;

		if (is_unpaced(queue)) {
			signal_job(queue, job);
			continue;
		}
		due = end_ns(queue, job);
		if (due > now) {
			hrtimer_start(&queue->timer, ns_to_ktime(due), HRTIMER_MODE_ABS);
			return;
		}
		if (late) {
			queue->start_ns += now - due;
			queue->port->stretched_ns += now - due;
			late = false;
		}
		signal_job(queue, job);
	}
}

enum hrtimer_restart studio_queue_timer(struct hrtimer *timer)
{
	struct studio_queue *queue = container_of(timer, struct studio_queue, timer);

	guard(spinlock_irqsave)(&queue->lock);
	if (queue->running || queue->starting)
		complete_due(queue, false);
	/* complete_due() may have started the timer again, which this does not undo. */
	return HRTIMER_NORESTART;
}

static struct studio_job *next_to_fill(struct studio_queue *queue)
{
	struct studio_job *job;

	guard(spinlock_irqsave)(&queue->lock);
	list_for_each_entry(job, &queue->jobs, node)
		if (!job->filled && !(queue->stalled && is_unpaced(queue)))
			return job;
	return NULL;
}

static void write_block(struct iio_dma_buffer_block *block, size_t bytes,
			void (*write)(void *context, void *to, size_t bytes), void *context)
{
	struct scatterlist *entry;
	unsigned int i;

	if (block->fileio) {
		write(context, block->vaddr, bytes);
		return;
	}
	for_each_sgtable_sg(block->sg_table, entry, i) {
		size_t piece = min_t(size_t, bytes, entry->length);

		if (!piece)
			return;
		write(context, sg_virt(entry), piece);
		bytes -= piece;
		cond_resched();
	}
}

static void write_scans(void *cursor, void *to, size_t bytes)
{
	studio_cursor_write(cursor, to, bytes);
}

static void write_aborted(void *unused, void *to, size_t bytes)
{
	memset(to, ABORTED_BYTE, bytes);
}

static void fill_job(struct studio_queue *queue, struct studio_job *job)
{
	struct studio_cursor cursor;

	if (!queue->run_fill || job->failed)
		return;
	studio_cursor_init(&cursor, &queue->layout, queue->run_start_count, job->start,
			   queue->epoch, queue->run_rate_hz, queue->run_jitter_ns);
	write_block(job->block, job->scans * queue->layout.bytes, write_scans, &cursor);
}

/* The thread that fills the blocks of one queue. */
int studio_queue_fill(void *data)
{
	struct studio_queue *queue = data;
	struct studio_job *job;

	while (!kthread_should_stop()) {
		wait_event_interruptible(queue->work,
					 kthread_should_stop() || next_to_fill(queue));
		mutex_lock(&queue->fill_lock);
		job = next_to_fill(queue);
		if (job) {
			fill_job(queue, job);
			guard(spinlock_irqsave)(&queue->lock);
			job->filled = true;
			complete_due(queue, job == first_job(queue));
		}
		mutex_unlock(&queue->fill_lock);
	}
	return 0;
}

static bool take_fault(u32 *count)
{
	if (!*count)
		return false;
	--*count;
	return true;
}

static int submit(struct iio_dma_buffer_queue *dma, struct iio_dma_buffer_block *block)
{
	struct studio_queue *queue = container_of(dma, struct studio_queue, dma);
	struct studio_port *port = queue->port;
	struct studio_job *job = kzalloc(sizeof(*job), GFP_ATOMIC);

	if (!job)
		return -ENOMEM;
	scoped_guard(spinlock_irqsave, &queue->lock) {
		if (take_fault(&port->refuse_next)) {
			kfree(job);
			return -EIO;
		}
		if (block->fileio)
			block->bytes_used = block->size;
		job->block = block;
		job->scans = div64_u64(block->bytes_used, queue->layout.bytes);
		job->start = queue->tail;
		if (list_empty(&queue->jobs) && queue->running)
			job->start = max(job->start, produced(queue));
		job->start += port->drop_scans;
		port->drop_scans = 0;
		job->failed = !block->fileio && take_fault(&port->abort_next);
		queue->tail = job->start + job->scans;
		list_add_tail(&job->node, &queue->jobs);
		port->outstanding++;
	}
	wake_up(&queue->work);
	return 0;
}

/* Called with the queue's mutex held, on disable and before the device goes. */
static void abort_all(struct iio_dma_buffer_queue *dma)
{
	struct studio_queue *queue = container_of(dma, struct studio_queue, dma);
	struct studio_job *job, *next;
	LIST_HEAD(blocks);
	LIST_HEAD(jobs);

	guard(mutex)(&queue->fill_lock);
	scoped_guard(spinlock_irqsave, &queue->lock) {
		queue->running = false;
		list_splice_init(&queue->jobs, &jobs);
		queue->port->outstanding = 0;
	}
	hrtimer_cancel(&queue->timer);
	list_for_each_entry_safe(job, next, &jobs, node) {
		if (job->filled && !job->failed && queue->run_fill)
			write_block(job->block, job->scans * queue->layout.bytes,
				    write_aborted, NULL);
		list_add_tail(&job->block->head, &blocks);
		kfree(job);
	}
	iio_dma_buffer_block_list_abort(dma, &blocks);
}

const struct iio_dma_buffer_ops studio_dma_ops = {
	.submit = submit,
	.abort = abort_all,
};

static void reset_counters(struct studio_port *port)
{
	port->delivered = 0;
	port->lost = 0;
	port->gaps = 0;
	port->blocks = 0;
	port->failed_blocks = 0;
	port->stretched_ns = 0;
	port->produced = 0;
}

/* The converter starts with scan 0; blocks that are submitted before it runs follow each other. */
void studio_queue_start(struct studio_queue *queue)
{
	struct studio_port *port = queue->port;

	guard(spinlock_irqsave)(&queue->lock);
	reset_counters(port);
	queue->run_rate_hz = queue->rate_hz;
	queue->run_fill = port->fill;
	queue->run_jitter_ns = port->jitter_ns;
	queue->run_start_count = port->start_count;
	queue->tail = 0;
	queue->delivered_end = 0;
	queue->start_ns = ktime_get_ns();
	queue->stalled = port->stall;
	queue->stalled_ns = queue->start_ns;
	queue->starting = true;
}

/* From now on a block that is submitted while none is in flight comes after a gap. */
void studio_queue_run(struct studio_queue *queue, bool run)
{
	guard(spinlock_irqsave)(&queue->lock);
	queue->starting = false;
	queue->running = run;
	complete_due(queue, false);
}

/* Called before the blocks in flight are aborted. */
void studio_queue_stop(struct studio_queue *queue)
{
	guard(spinlock_irqsave)(&queue->lock);
	if (queue->running)
		queue->port->produced = produced(queue);
	queue->stopped_ns = ktime_get_ns();
	queue->running = false;
}

/* A stalled converter takes no scans: its clock stands still, and nothing is lost by it. */
void studio_queue_stall(struct studio_queue *queue, bool stall)
{
	scoped_guard(spinlock_irqsave, &queue->lock) {
		if (queue->stalled == stall)
			return;
		if (stall)
			queue->stalled_ns = ktime_get_ns();
		else
			queue->start_ns += ktime_get_ns() - queue->stalled_ns;
		queue->stalled = stall;
		if (queue->running)
			complete_due(queue, false);
	}
	wake_up(&queue->work);
}
