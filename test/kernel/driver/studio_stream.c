// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two plain converters: "studio-counter" (four channels) and "studio-timestamped" (the same
 * with a timestamp). The first has its rate at the device, the second at its channels.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/timekeeping.h>

#include <linux/iio/sysfs.h>

#include "studio.h"

#define DEFAULT_RATE_HZ 100000

struct studio_stream {
	struct studio_queue *queue;
	unsigned int scale;
};

static const char * const channel_labels[] = {
	"count low", "count high", "count inverted", "triangle",
};

/* Millivolts per step, as fractions: 1/16, 1/8, 1/4. */
static const int scales[] = { 1, 16, 1, 8, 1, 4 };

static const int rate_range[] = { 1, 1, STUDIO_UNPACED_HZ };
static const int rate_list[] = { 100, 1000, 10000, 100000, 1000000, 10000000, STUDIO_UNPACED_HZ };

static bool rate_is_at_channels(const struct iio_dev *indio_dev)
{
	return indio_dev->channels[0].info_mask_shared_by_type & BIT(IIO_CHAN_INFO_SAMP_FREQ);
}

static int read_sample(struct iio_dev *indio_dev, const struct iio_chan_spec *channel)
{
	u64 count = ktime_get_ns() >> 16;

	if (channel->scan_type.sign == 's')
		return (s16)studio_value(channel->address, channel->scan_index, 0, count);
	return (u16)studio_value(channel->address, channel->scan_index, 0, count);
}

static int read_raw(struct iio_dev *indio_dev, struct iio_chan_spec const *channel, int *val,
		    int *val2, long mask)
{
	struct studio_stream *stream = iio_priv(indio_dev);
	int ret;

	switch (mask) {
	case IIO_CHAN_INFO_RAW:
		ret = iio_device_claim_direct_mode(indio_dev);
		if (ret)
			return ret;
		*val = read_sample(indio_dev, channel);
		iio_device_release_direct_mode(indio_dev);
		return IIO_VAL_INT;
	case IIO_CHAN_INFO_SCALE:
		*val = scales[2 * stream->scale];
		*val2 = scales[2 * stream->scale + 1];
		return IIO_VAL_FRACTIONAL;
	case IIO_CHAN_INFO_OFFSET:
		*val = channel->scan_type.sign == 'u' ? -32768 : 0;
		return IIO_VAL_INT;
	case IIO_CHAN_INFO_SAMP_FREQ:
		*val = stream->queue->rate_hz;
		return IIO_VAL_INT;
	default:
		return -EINVAL;
	}
}

static int read_avail(struct iio_dev *indio_dev, struct iio_chan_spec const *channel,
		      const int **vals, int *type, int *length, long mask)
{
	switch (mask) {
	case IIO_CHAN_INFO_SCALE:
		*vals = scales;
		*length = ARRAY_SIZE(scales);
		*type = IIO_VAL_FRACTIONAL;
		return IIO_AVAIL_LIST;
	case IIO_CHAN_INFO_SAMP_FREQ:
		*type = IIO_VAL_INT;
		if (rate_is_at_channels(indio_dev)) {
			*vals = rate_list;
			*length = ARRAY_SIZE(rate_list);
			return IIO_AVAIL_LIST;
		}
		*vals = rate_range;
		return IIO_AVAIL_RANGE;
	default:
		return -EINVAL;
	}
}

static bool rate_is_offered(const struct iio_dev *indio_dev, int rate_hz)
{
	unsigned int i;

	if (!rate_is_at_channels(indio_dev))
		return rate_hz >= 1 && rate_hz <= STUDIO_UNPACED_HZ;
	for (i = 0; i < ARRAY_SIZE(rate_list); i++)
		if (rate_list[i] == rate_hz)
			return true;
	return false;
}

static int write_raw(struct iio_dev *indio_dev, struct iio_chan_spec const *channel, int val,
		     int val2, long mask)
{
	struct studio_stream *stream = iio_priv(indio_dev);
	unsigned int i;
	int ret;

	switch (mask) {
	case IIO_CHAN_INFO_SAMP_FREQ:
		if (val2 || !rate_is_offered(indio_dev, val))
			return -EINVAL;
		ret = iio_device_claim_direct_mode(indio_dev);
		if (ret)
			return ret;
		stream->queue->rate_hz = val;
		iio_device_release_direct_mode(indio_dev);
		return 0;
	case IIO_CHAN_INFO_SCALE:
		for (i = 0; i < ARRAY_SIZE(scales) / 2; i++) {
			if (val || val2 != 1000000000 / scales[2 * i + 1])
				continue;
			stream->scale = i;
			return 0;
		}
		return -EINVAL;
	default:
		return -EINVAL;
	}
}

static int write_raw_get_fmt(struct iio_dev *indio_dev, struct iio_chan_spec const *channel,
			     long mask)
{
	return mask == IIO_CHAN_INFO_SCALE ? IIO_VAL_INT_PLUS_NANO : IIO_VAL_INT_PLUS_MICRO;
}

static int read_label(struct iio_dev *indio_dev, struct iio_chan_spec const *channel, char *label)
{
	if (channel->type != IIO_VOLTAGE)
		return -EINVAL;
	return sysfs_emit(label, "%s\n", channel_labels[channel->channel]);
}

static const struct iio_info info = {
	.read_raw = read_raw,
	.read_avail = read_avail,
	.write_raw = write_raw,
	.write_raw_get_fmt = write_raw_get_fmt,
	.read_label = read_label,
};

#define RATE			BIT(IIO_CHAN_INFO_SAMP_FREQ)
#define VOLTAGE(_n, _sign, _value, _by_type, _by_all) {			\
	.type = IIO_VOLTAGE,						\
	.indexed = 1,							\
	.channel = (_n),						\
	.address = (_value),						\
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) | BIT(IIO_CHAN_INFO_OFFSET), \
	.info_mask_shared_by_type = BIT(IIO_CHAN_INFO_SCALE) | (_by_type), \
	.info_mask_shared_by_type_available = BIT(IIO_CHAN_INFO_SCALE) | (_by_type), \
	.info_mask_shared_by_all = (_by_all),				\
	.info_mask_shared_by_all_available = (_by_all),			\
	.scan_index = (_n),						\
	.scan_type = {							\
		.sign = (_sign), .realbits = 16, .storagebits = 16,	\
		.endianness = IIO_LE,					\
	},								\
}
#define VOLTAGES(_by_type, _by_all)					\
	VOLTAGE(0, 'u', STUDIO_COUNT_LOW, _by_type, _by_all),		\
	VOLTAGE(1, 'u', STUDIO_COUNT_HIGH, _by_type, _by_all),		\
	VOLTAGE(2, 's', STUDIO_INVERTED, _by_type, _by_all),		\
	VOLTAGE(3, 's', STUDIO_TRIANGLE, _by_type, _by_all)

static const struct iio_chan_spec counter_channels[] = {
	VOLTAGES(0, RATE),
};

static const struct iio_chan_spec timestamped_channels[] = {
	VOLTAGES(RATE, 0),
	IIO_CHAN_SOFT_TIMESTAMP(4),
};

static ssize_t length_align_bytes_show(struct device *dev, struct device_attribute *attr,
				       char *buf)
{
	return sysfs_emit(buf, "8\n");
}

static IIO_DEVICE_ATTR_RO(length_align_bytes, 0);

static const struct iio_dev_attr *buffer_attrs[] = {
	&iio_dev_attr_length_align_bytes,
	NULL,
};

static int plug(struct studio_unit *unit, struct platform_device *pdev)
{
	bool timestamped = unit == &studio_timestamped;
	struct studio_stream *stream;
	struct iio_dev *indio_dev;
	int ret;

	indio_dev = devm_iio_device_alloc(&pdev->dev, sizeof(*stream));
	if (!indio_dev)
		return -ENOMEM;
	stream = iio_priv(indio_dev);
	stream->scale = 1;
	indio_dev->name = unit->name;
	indio_dev->label = timestamped ? "Studio counter with time" : "Studio counter";
	indio_dev->info = &info;
	indio_dev->modes = INDIO_DIRECT_MODE | INDIO_BUFFER_HARDWARE;
	indio_dev->channels = timestamped ? timestamped_channels : counter_channels;
	indio_dev->num_channels = timestamped ? ARRAY_SIZE(timestamped_channels) :
						ARRAY_SIZE(counter_channels);
	stream->queue = studio_buffer_create(&unit->ports[0], &pdev->dev, indio_dev, buffer_attrs,
					    DEFAULT_RATE_HZ);
	if (IS_ERR(stream->queue))
		return PTR_ERR(stream->queue);
	platform_set_drvdata(pdev, indio_dev);
	ret = iio_device_register(indio_dev);
	if (ret)
		studio_buffer_destroy(stream->queue);
	return ret;
}

static void unplug(struct studio_unit *unit, struct platform_device *pdev)
{
	struct iio_dev *indio_dev = platform_get_drvdata(pdev);
	struct studio_stream *stream = iio_priv(indio_dev);

	iio_device_unregister(indio_dev);
	studio_buffer_destroy(stream->queue);
}

struct studio_unit studio_counter = {
	.name = "studio-counter",
	.ports_used = 1,
	.plug = plug,
	.unplug = unplug,
};

struct studio_unit studio_timestamped = {
	.name = "studio-timestamped",
	.ports_used = 1,
	.plug = plug,
	.unplug = unplug,
};
