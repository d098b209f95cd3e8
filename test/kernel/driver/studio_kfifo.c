// SPDX-License-Identifier: GPL-2.0-only
/*
 * "studio-kfifo": a triggered buffer in a kfifo (read() only), clocked by any device trigger; and
 * a trigger of its own, "studio-trigger", whose rate is 0 until it is set.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kstrtox.h>

#include <linux/iio/buffer.h>
#include <linux/iio/sysfs.h>
#include <linux/iio/trigger.h>
#include <linux/iio/trigger_consumer.h>
#include <linux/iio/triggered_buffer.h>

#include "studio.h"

#define MAX_RATE_HZ 20000

struct studio_trigger {
	struct iio_trigger *trig;
	struct hrtimer timer;
	u32 rate_hz;
	bool running;
};

struct studio_triggered {
	struct studio_port *port;
	struct studio_layout layout;
	struct studio_trigger trigger;
	u64 scan;
};

#define ACCEL(_index, _axis, _endian) {					\
	.type = IIO_ACCEL,						\
	.modified = 1,							\
	.channel2 = (_axis),						\
	.address = (_index),						\
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW),			\
	.info_mask_shared_by_type = BIT(IIO_CHAN_INFO_SCALE),		\
	.scan_index = (_index),						\
	.scan_type = {							\
		.sign = (_index) < 2 ? 'u' : 's', .realbits = 16, .storagebits = 16, \
		.endianness = (_endian),				\
	},								\
}

/* x and y are the low and the high half of the count: STUDIO_COUNT_LOW, STUDIO_COUNT_HIGH. */
static const struct iio_chan_spec channels[] = {
	ACCEL(0, IIO_MOD_X, IIO_LE),
	ACCEL(1, IIO_MOD_Y, IIO_BE),
	ACCEL(2, IIO_MOD_Z, IIO_BE),
	IIO_CHAN_SOFT_TIMESTAMP(3),
};

static int read_raw(struct iio_dev *indio_dev, struct iio_chan_spec const *channel, int *val,
		    int *val2, long mask)
{
	int ret;

	switch (mask) {
	case IIO_CHAN_INFO_RAW:
		ret = iio_device_claim_direct_mode(indio_dev);
		if (ret)
			return ret;
		*val = 1000 + channel->scan_index;
		iio_device_release_direct_mode(indio_dev);
		return IIO_VAL_INT;
	case IIO_CHAN_INFO_SCALE:
		*val = 0;
		*val2 = 598550;
		return IIO_VAL_INT_PLUS_NANO;
	default:
		return -EINVAL;
	}
}

static const struct iio_info info = {
	.read_raw = read_raw,
};

static irqreturn_t handle_trigger(int irq, void *data)
{
	struct iio_poll_func *pf = data;
	struct iio_dev *indio_dev = pf->indio_dev;
	struct studio_triggered *device = iio_priv(indio_dev);
	struct studio_cursor cursor;
	u8 scan[STUDIO_MAX_SCAN_BYTES] __aligned(8);

	/* The core puts the timestamp in. */
	studio_cursor_init(&cursor, &device->layout, device->port->start_count, device->scan++, 0,
			   NSEC_PER_SEC, 0);
	studio_cursor_write(&cursor, scan, device->layout.bytes);
	if (iio_push_to_buffers_with_timestamp(indio_dev, scan, pf->timestamp))
		device->port->lost++;
	else
		device->port->delivered++;
	device->port->produced++;
	iio_trigger_notify_done(indio_dev->trig);
	return IRQ_HANDLED;
}

static int preenable(struct iio_dev *indio_dev)
{
	struct studio_triggered *device = iio_priv(indio_dev);

	device->scan = 0;
	device->port->produced = 0;
	device->port->delivered = 0;
	device->port->lost = 0;
	return studio_layout_init(&device->layout, indio_dev, indio_dev->active_scan_mask,
				  indio_dev->scan_timestamp);
}

static const struct iio_buffer_setup_ops setup_ops = {
	.preenable = preenable,
};

static ssize_t sampling_frequency_show(struct device *dev, struct device_attribute *attr,
				       char *buf)
{
	struct studio_trigger *trigger = iio_trigger_get_drvdata(to_iio_trigger(dev));

	return sysfs_emit(buf, "%u\n", trigger->rate_hz);
}

static ssize_t sampling_frequency_store(struct device *dev, struct device_attribute *attr,
					const char *buf, size_t len)
{
	struct studio_trigger *trigger = iio_trigger_get_drvdata(to_iio_trigger(dev));
	u32 rate_hz;
	int ret;

	ret = kstrtou32(buf, 10, &rate_hz);
	if (ret)
		return ret;
	if (rate_hz > MAX_RATE_HZ)
		return -EINVAL;
	if (trigger->running)
		return -EBUSY;
	trigger->rate_hz = rate_hz;
	return len;
}

static DEVICE_ATTR_RW(sampling_frequency);

static struct attribute *trigger_attrs[] = {
	&dev_attr_sampling_frequency.attr,
	NULL,
};
ATTRIBUTE_GROUPS(trigger);

static enum hrtimer_restart timer_fired(struct hrtimer *timer)
{
	struct studio_trigger *trigger = container_of(timer, struct studio_trigger, timer);

	hrtimer_forward_now(timer, ns_to_ktime(NSEC_PER_SEC / trigger->rate_hz));
	iio_trigger_poll(trigger->trig);
	return HRTIMER_RESTART;
}

static int set_trigger_state(struct iio_trigger *trig, bool run)
{
	struct studio_trigger *trigger = iio_trigger_get_drvdata(trig);

	if (run && !trigger->rate_hz)
		return -EINVAL;
	trigger->running = run;
	if (run)
		hrtimer_start(&trigger->timer, ns_to_ktime(NSEC_PER_SEC / trigger->rate_hz),
			      HRTIMER_MODE_REL_HARD);
	else
		hrtimer_cancel(&trigger->timer);
	return 0;
}

static const struct iio_trigger_ops trigger_ops = {
	.set_trigger_state = set_trigger_state,
};

static int add_trigger(struct device *dev, struct studio_trigger *trigger)
{
	trigger->trig = devm_iio_trigger_alloc(dev, "studio-trigger");
	if (!trigger->trig)
		return -ENOMEM;
	hrtimer_init(&trigger->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	trigger->timer.function = timer_fired;
	trigger->trig->ops = &trigger_ops;
	trigger->trig->dev.groups = trigger_groups;
	iio_trigger_set_drvdata(trigger->trig, trigger);
	return devm_iio_trigger_register(dev, trigger->trig);
}

static int plug(struct studio_unit *unit, struct platform_device *pdev)
{
	struct studio_triggered *device;
	struct iio_dev *indio_dev;
	int ret;

	indio_dev = devm_iio_device_alloc(&pdev->dev, sizeof(*device));
	if (!indio_dev)
		return -ENOMEM;
	device = iio_priv(indio_dev);
	device->port = &unit->ports[0];
	indio_dev->name = unit->name;
	indio_dev->info = &info;
	indio_dev->modes = INDIO_DIRECT_MODE;
	indio_dev->channels = channels;
	indio_dev->num_channels = ARRAY_SIZE(channels);
	ret = add_trigger(&pdev->dev, &device->trigger);
	if (ret)
		return ret;
	ret = devm_iio_triggered_buffer_setup(&pdev->dev, indio_dev, iio_pollfunc_store_time,
					      handle_trigger, &setup_ops);
	if (ret)
		return ret;
	return devm_iio_device_register(&pdev->dev, indio_dev);
}

/* Everything here goes with the platform device. */
static void unplug(struct studio_unit *unit, struct platform_device *pdev)
{
}

struct studio_unit studio_kfifo = {
	.name = "studio-kfifo",
	.ports_used = 1,
	.plug = plug,
	.unplug = unplug,
};
