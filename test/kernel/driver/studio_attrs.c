// SPDX-License-Identifier: GPL-2.0-only
/*
 * "studio-attrs": no buffer, but attributes of every kind. Here its channels (list, range,
 * decibels, 64-bit numbers, shared ones) and a register map; studio_attrs_device.c has the rest.
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include <linux/iio/sysfs.h>

#include "studio.h"
#include "studio_attrs.h"

#define MIN_LO_HZ 46875001ULL
#define MAX_LO_HZ 6000000000ULL

/* Channel attributes through the core. */

static const int gain_range[] = { -10, 0, 0, 250000, 70, 0 };
static const int scale_list[] = { 0, 125000, 0, 250000, 0, 500000, 1, 0 };
static const int calibbias_range[] = { -128, 1, 127 };

static int read_raw(struct iio_dev *indio_dev, struct iio_chan_spec const *channel, int *val,
		    int *val2, long mask)
{
	struct studio_settings *settings = iio_priv(indio_dev);

	switch (mask) {
	case IIO_CHAN_INFO_RAW:
		*val = 1234;
		return IIO_VAL_INT;
	case IIO_CHAN_INFO_PROCESSED:
		*val = 36500;
		return IIO_VAL_INT;
	case IIO_CHAN_INFO_OFFSET:
		*val = -2;
		*val2 = 500000;
		return IIO_VAL_INT_PLUS_MICRO;
	case IIO_CHAN_INFO_SCALE:
		*val = scale_list[2 * settings->scale];
		*val2 = scale_list[2 * settings->scale + 1];
		return IIO_VAL_INT_PLUS_MICRO;
	case IIO_CHAN_INFO_CALIBBIAS:
		*val = settings->calibbias;
		return IIO_VAL_INT;
	case IIO_CHAN_INFO_HARDWAREGAIN:
		*val = settings->gain / 4;
		*val2 = settings->gain % 4 * 250000;
		return IIO_VAL_INT_PLUS_MICRO_DB;
	default:
		return -EINVAL;
	}
}

static int write_raw(struct iio_dev *indio_dev, struct iio_chan_spec const *channel, int val,
		     int val2, long mask)
{
	struct studio_settings *settings = iio_priv(indio_dev);
	unsigned int i;
	int quarters;

	switch (mask) {
	case IIO_CHAN_INFO_SCALE:
		for (i = 0; i < ARRAY_SIZE(scale_list) / 2; i++) {
			if (val != scale_list[2 * i] || val2 != scale_list[2 * i + 1])
				continue;
			settings->scale = i;
			return 0;
		}
		return -EINVAL;
	case IIO_CHAN_INFO_CALIBBIAS:
		if (val < calibbias_range[0] || val > calibbias_range[2])
			return -EINVAL;
		settings->calibbias = val;
		return 0;
	case IIO_CHAN_INFO_HARDWAREGAIN:
		/* Rounded to the step that the device has, as hardware does. */
		quarters = val * 4 + (val < 0 ? -val2 : val2) / 250000;
		if (quarters < -40 || quarters > 280)
			return -EINVAL;
		settings->gain = quarters;
		return 0;
	default:
		return -EINVAL;
	}
}

static int write_raw_get_fmt(struct iio_dev *indio_dev, struct iio_chan_spec const *channel,
			     long mask)
{
	switch (mask) {
	case IIO_CHAN_INFO_HARDWAREGAIN:
		return IIO_VAL_INT_PLUS_MICRO_DB;
	case IIO_CHAN_INFO_CALIBBIAS:
		return IIO_VAL_INT;
	default:
		return IIO_VAL_INT_PLUS_MICRO;
	}
}

static int read_avail(struct iio_dev *indio_dev, struct iio_chan_spec const *channel,
		      const int **vals, int *type, int *length, long mask)
{
	switch (mask) {
	case IIO_CHAN_INFO_SCALE:
		*vals = scale_list;
		*length = ARRAY_SIZE(scale_list);
		*type = IIO_VAL_INT_PLUS_MICRO;
		return IIO_AVAIL_LIST;
	case IIO_CHAN_INFO_CALIBBIAS:
		*vals = calibbias_range;
		*type = IIO_VAL_INT;
		return IIO_AVAIL_RANGE;
	case IIO_CHAN_INFO_HARDWAREGAIN:
		*vals = gain_range;
		*type = IIO_VAL_INT_PLUS_MICRO_DB;
		return IIO_AVAIL_RANGE;
	default:
		return -EINVAL;
	}
}

static int register_access(struct iio_dev *indio_dev, unsigned int reg, unsigned int writeval,
			   unsigned int *readval)
{
	struct studio_settings *settings = iio_priv(indio_dev);

	if (reg >= STUDIO_REGISTERS)
		return -EINVAL;
	if (readval)
		*readval = settings->registers[reg];
	else
		settings->registers[reg] = writeval;
	return 0;
}

static const char * const gain_modes[] = { "manual", "fast_attack", "slow_attack", "hybrid" };

static int get_gain_mode(struct iio_dev *indio_dev, const struct iio_chan_spec *channel)
{
	struct studio_settings *settings = iio_priv(indio_dev);

	return settings->gain_mode;
}

static int set_gain_mode(struct iio_dev *indio_dev, const struct iio_chan_spec *channel,
			 unsigned int mode)
{
	struct studio_settings *settings = iio_priv(indio_dev);

	settings->gain_mode = mode;
	return 0;
}

static const struct iio_enum gain_mode_enum = {
	.items = gain_modes,
	.num_items = ARRAY_SIZE(gain_modes),
	.get = get_gain_mode,
	.set = set_gain_mode,
};

static ssize_t read_lo(struct iio_dev *indio_dev, uintptr_t private,
		       const struct iio_chan_spec *channel, char *buf)
{
	struct studio_settings *settings = iio_priv(indio_dev);

	return sysfs_emit(buf, "%llu\n", settings->lo_hz);
}

static ssize_t write_lo(struct iio_dev *indio_dev, uintptr_t private,
			const struct iio_chan_spec *channel, const char *buf, size_t len)
{
	struct studio_settings *settings = iio_priv(indio_dev);
	u64 hz;
	int ret;

	ret = kstrtou64(buf, 10, &hz);
	if (ret)
		return ret;
	if (hz < MIN_LO_HZ || hz > MAX_LO_HZ)
		return -EINVAL;
	settings->lo_hz = hz;
	return len;
}

static ssize_t read_lo_available(struct iio_dev *indio_dev, uintptr_t private,
				 const struct iio_chan_spec *channel, char *buf)
{
	return sysfs_emit(buf, "[%llu 1 %llu]\n", MIN_LO_HZ, MAX_LO_HZ);
}

static const struct iio_chan_spec_ext_info voltage_ext_info[] = {
	IIO_ENUM("gain_control_mode", IIO_SEPARATE, &gain_mode_enum),
	IIO_ENUM_AVAILABLE("gain_control_mode", IIO_SHARED_BY_TYPE, &gain_mode_enum),
	{ }
};

static const struct iio_chan_spec_ext_info lo_ext_info[] = {
	{ .name = "frequency", .shared = IIO_SEPARATE, .read = read_lo, .write = write_lo },
	{ .name = "frequency_available", .shared = IIO_SHARED_BY_TYPE, .read = read_lo_available },
	{ }
};

#define VOLTAGE(_n) {							\
	.type = IIO_VOLTAGE, .indexed = 1, .channel = (_n), .scan_index = -1, \
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) | BIT(IIO_CHAN_INFO_CALIBBIAS) | \
			      BIT(IIO_CHAN_INFO_HARDWAREGAIN),		\
	.info_mask_separate_available = BIT(IIO_CHAN_INFO_CALIBBIAS) |	\
					BIT(IIO_CHAN_INFO_HARDWAREGAIN), \
	.info_mask_shared_by_type = BIT(IIO_CHAN_INFO_SCALE) | BIT(IIO_CHAN_INFO_OFFSET), \
	.info_mask_shared_by_type_available = BIT(IIO_CHAN_INFO_SCALE),	\
	.ext_info = voltage_ext_info,					\
}

static const struct iio_chan_spec channels[] = {
	VOLTAGE(0),
	VOLTAGE(1),
	{ .type = IIO_TEMP, .indexed = 1, .channel = 0, .scan_index = -1,
	  .info_mask_separate = BIT(IIO_CHAN_INFO_PROCESSED) },
	{ .type = IIO_ALTVOLTAGE, .indexed = 1, .channel = 0, .output = 1, .scan_index = -1,
	  .extend_name = "RX_LO", .ext_info = lo_ext_info },
};

static const struct iio_info info = {
	.attrs = &studio_device_attributes,
	.read_raw = read_raw,
	.write_raw = write_raw,
	.write_raw_get_fmt = write_raw_get_fmt,
	.read_avail = read_avail,
	.debugfs_reg_access = register_access,
};

static int plug(struct studio_unit *unit, struct platform_device *pdev)
{
	struct studio_settings *settings;
	struct iio_dev *indio_dev;

	indio_dev = devm_iio_device_alloc(&pdev->dev, sizeof(*settings));
	if (!indio_dev)
		return -ENOMEM;
	settings = iio_priv(indio_dev);
	settings->gain = -5;
	settings->scale = 1;
	settings->lo_hz = 2400000000ULL;
	strscpy(settings->note, "nothing noted", sizeof(settings->note));
	strscpy(settings->rf_port, "A_BALANCED", sizeof(settings->rf_port));
	indio_dev->name = unit->name;
	indio_dev->label = "Studio attributes";
	indio_dev->info = &info;
	indio_dev->modes = INDIO_DIRECT_MODE;
	indio_dev->channels = channels;
	indio_dev->num_channels = ARRAY_SIZE(channels);
	return devm_iio_device_register(&pdev->dev, indio_dev);
}

/* Everything here goes with the platform device. */
static void unplug(struct studio_unit *unit, struct platform_device *pdev)
{
}

static void add_controls(struct studio_unit *unit, struct dentry *folder)
{
	debugfs_create_u32("slow_seconds", 0644, folder, &studio_slow_seconds);
}

struct studio_unit studio_attrs = {
	.name = "studio-attrs",
	.plug = plug,
	.unplug = unplug,
	.add_controls = add_controls,
};
