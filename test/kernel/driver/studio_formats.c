// SPDX-License-Identifier: GPL-2.0-only
/*
 * "studio-formats": a device with two buffers, an I/Q pair and scan elements of every odd kind,
 * chosen so that most subsets of its channels hold padding. The rate belongs to each buffer.
 */
#include <linux/device.h>
#include <linux/err.h>

#include <linux/iio/sysfs.h>

#include "studio.h"

#define DEFAULT_RATE_HZ 50000

struct studio_pair {
	struct studio_queue *queues[2];
};

static int read_raw(struct iio_dev *indio_dev, struct iio_chan_spec const *channel, int *val,
		    int *val2, long mask)
{
	switch (mask) {
	case IIO_CHAN_INFO_SCALE:
		*val = 0;
		*val2 = 244140;
		return IIO_VAL_INT_PLUS_NANO;
	default:
		return -EINVAL;
	}
}

static const struct iio_info info = {
	.read_raw = read_raw,
};

#define ELEMENT(_index, _type, _n, _sign, _bits, _storage, _shift, _endian) \
	.type = (_type),						\
	.channel = (_n),						\
	.address = STUDIO_LINEAR,					\
	.scan_index = (_index),						\
	.scan_type = {							\
		.sign = (_sign), .realbits = (_bits), .storagebits = (_storage), \
		.shift = (_shift), .endianness = (_endian),		\
	}
#define SCALED .info_mask_separate = BIT(IIO_CHAN_INFO_SCALE)

static const struct iio_chan_spec channels[] = {
	{ ELEMENT(0, IIO_VOLTAGE, 0, 's', 12, 16, 4, IIO_BE), .indexed = 1,
	  .modified = 1, .channel2 = IIO_MOD_I, SCALED },
	{ ELEMENT(1, IIO_VOLTAGE, 0, 's', 12, 16, 4, IIO_BE), .indexed = 1,
	  .modified = 1, .channel2 = IIO_MOD_Q, SCALED },
	{ ELEMENT(2, IIO_VOLTAGE, 1, 'u', 8, 8, 0, IIO_CPU), .indexed = 1, SCALED },
	{ ELEMENT(3, IIO_VOLTAGE, 2, 'u', 24, 32, 8, IIO_LE), .indexed = 1, SCALED },
	{ ELEMENT(4, IIO_VOLTAGE, 3, 's', 20, 32, 4, IIO_BE), .indexed = 1, SCALED },
	{ ELEMENT(5, IIO_VOLTAGE, 4, 's', 64, 64, 0, IIO_BE), .indexed = 1, SCALED },
	{ .type = IIO_ROT, .modified = 1, .channel2 = IIO_MOD_QUATERNION,
	  .address = STUDIO_LINEAR, .scan_index = 6,
	  .scan_type = { .sign = 's', .realbits = 32, .storagebits = 32, .repeat = 4,
			 .endianness = IIO_LE } },
	{ ELEMENT(7, IIO_VOLTAGE, 5, 'u', 12, 16, 0, IIO_LE), .indexed = 1, SCALED },
	IIO_CHAN_SOFT_TIMESTAMP(8),
};

static ssize_t length_align_bytes_show(struct device *dev, struct device_attribute *attr,
				       char *buf)
{
	return sysfs_emit(buf, "64\n");
}

static ssize_t sampling_frequency_show(struct device *dev, struct device_attribute *attr,
				       char *buf)
{
	struct studio_queue *queue = studio_queue_of(to_iio_dev_attr(attr)->buffer);

	return sysfs_emit(buf, "%u\n", queue->rate_hz);
}

static ssize_t sampling_frequency_store(struct device *dev, struct device_attribute *attr,
					const char *buf, size_t len)
{
	struct studio_queue *queue = studio_queue_of(to_iio_dev_attr(attr)->buffer);
	u32 rate_hz;
	int ret;

	ret = kstrtou32(buf, 10, &rate_hz);
	if (ret)
		return ret;
	if (!rate_hz || rate_hz > STUDIO_UNPACED_HZ)
		return -EINVAL;
	if (READ_ONCE(queue->running))
		return -EBUSY;
	queue->rate_hz = rate_hz;
	return len;
}

static ssize_t sampling_frequency_available_show(struct device *dev,
						 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "[1 1 %u]\n", STUDIO_UNPACED_HZ);
}

static IIO_DEVICE_ATTR_RO(length_align_bytes, 0);
static IIO_DEVICE_ATTR_RW(sampling_frequency, 0);
static IIO_DEVICE_ATTR_RO(sampling_frequency_available, 0);

static const struct iio_dev_attr *buffer_attrs[] = {
	&iio_dev_attr_length_align_bytes,
	&iio_dev_attr_sampling_frequency,
	&iio_dev_attr_sampling_frequency_available,
	NULL,
};

static void destroy_queues(struct studio_pair *pair)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pair->queues); i++)
		if (pair->queues[i])
			studio_buffer_destroy(pair->queues[i]);
}

static int plug(struct studio_unit *unit, struct platform_device *pdev)
{
	struct iio_dev *indio_dev;
	struct studio_pair *pair;
	unsigned int i;
	int ret = 0;

	indio_dev = devm_iio_device_alloc(&pdev->dev, sizeof(*pair));
	if (!indio_dev)
		return -ENOMEM;
	pair = iio_priv(indio_dev);
	indio_dev->name = unit->name;
	indio_dev->info = &info;
	indio_dev->modes = INDIO_BUFFER_HARDWARE;
	indio_dev->channels = channels;
	indio_dev->num_channels = ARRAY_SIZE(channels);
	for (i = 0; i < ARRAY_SIZE(pair->queues) && !ret; i++) {
		struct studio_queue *queue;

		queue = studio_buffer_create(&unit->ports[i], &pdev->dev, indio_dev, buffer_attrs,
					    DEFAULT_RATE_HZ);
		if (IS_ERR(queue))
			ret = PTR_ERR(queue);
		else
			pair->queues[i] = queue;
	}
	platform_set_drvdata(pdev, indio_dev);
	if (!ret)
		ret = iio_device_register(indio_dev);
	if (ret)
		destroy_queues(pair);
	return ret;
}

static void unplug(struct studio_unit *unit, struct platform_device *pdev)
{
	struct iio_dev *indio_dev = platform_get_drvdata(pdev);

	iio_device_unregister(indio_dev);
	destroy_queues(iio_priv(indio_dev));
}

struct studio_unit studio_formats = {
	.name = "studio-formats",
	.ports_used = 2,
	.plug = plug,
	.unplug = unplug,
};
