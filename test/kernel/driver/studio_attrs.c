// SPDX-License-Identifier: GPL-2.0-only
/*
 * "studio-attrs": no buffer, but attributes of every kind: list, range, boolean, decibels, text,
 * 64-bit numbers, shared, read-only, write-only, slow and failing ones, and a register map.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include <linux/iio/sysfs.h>

#include "studio.h"

#define REGISTERS 256
#define MIN_LO_HZ 46875001ULL
#define MAX_LO_HZ 6000000000ULL

struct studio_settings {
	/* Quarters of a decibel. */
	int gain;
	int scale;
	int calibbias;
	unsigned int gain_mode;
	u64 lo_hz;
	bool tracking;
	char note[64];
	char rf_port[16];
	u32 resets;
	u8 registers[REGISTERS];
};

/* Seconds that the slow attributes sleep, in any of them. */
static u32 slow_seconds = 3;

static struct studio_settings *settings_of(struct device *dev)
{
	return iio_priv(dev_to_iio_dev(dev));
}

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

	if (reg >= REGISTERS)
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

/* Attributes of the device. */

static ssize_t note_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", settings_of(dev)->note);
}

static ssize_t note_store(struct device *dev, struct device_attribute *attr, const char *buf,
			  size_t len)
{
	struct studio_settings *settings = settings_of(dev);

	if (len >= sizeof(settings->note))
		return -EINVAL;
	strscpy(settings->note, buf, sizeof(settings->note));
	strim(settings->note);
	return len;
}

static const char * const rf_ports[] = { "A_BALANCED", "B_BALANCED", "TX_MONITOR1" };

static ssize_t rf_port_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", settings_of(dev)->rf_port);
}

static ssize_t rf_port_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t len)
{
	struct studio_settings *settings = settings_of(dev);
	int i = sysfs_match_string(rf_ports, buf);

	if (i < 0)
		return i;
	strscpy(settings->rf_port, rf_ports[i], sizeof(settings->rf_port));
	return len;
}

static ssize_t rf_port_available_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "A_BALANCED B_BALANCED TX_MONITOR1\n");
}

static ssize_t tracking_en_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", settings_of(dev)->tracking);
}

static ssize_t tracking_en_store(struct device *dev, struct device_attribute *attr,
				 const char *buf, size_t len)
{
	bool value;
	int ret = kstrtobool(buf, &value);

	if (ret)
		return ret;
	settings_of(dev)->tracking = value;
	return len;
}

static ssize_t serial_number_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "studio-0001\n");
}

static ssize_t path_rates_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "BBPLL:983040000 ADC:245760000 R2:122880000 RXSAMP:30720000\n");
}

static ssize_t empty_text_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return 0;
}

static ssize_t several_lines_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "first line\nsecond line\n");
}

static ssize_t reset_store(struct device *dev, struct device_attribute *attr, const char *buf,
			   size_t len)
{
	settings_of(dev)->resets++;
	return len;
}

static ssize_t reset_count_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", settings_of(dev)->resets);
}

static ssize_t slow_read_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	msleep(slow_seconds * 1000);
	return sysfs_emit(buf, "%u\n", slow_seconds);
}

static ssize_t slow_write_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0\n");
}

static ssize_t slow_write_store(struct device *dev, struct device_attribute *attr,
				const char *buf, size_t len)
{
	msleep(slow_seconds * 1000);
	return len;
}

/* read_<error> fails when read, write_<error> when written. */
#define FAILING(_name, _error)						\
static ssize_t read_##_name##_show(struct device *dev,			\
				   struct device_attribute *attr, char *buf) \
{									\
	return -(_error);						\
}									\
static ssize_t write_##_name##_show(struct device *dev,			\
				    struct device_attribute *attr, char *buf) \
{									\
	return sysfs_emit(buf, "0\n");					\
}									\
static ssize_t write_##_name##_store(struct device *dev, struct device_attribute *attr, \
				     const char *buf, size_t len)	\
{									\
	return -(_error);						\
}									\
static DEVICE_ATTR_RO(read_##_name);					\
static DEVICE_ATTR_RW(write_##_name)

FAILING(eio, EIO);
FAILING(einval, EINVAL);
FAILING(ebusy, EBUSY);
FAILING(enodev, ENODEV);

static DEVICE_ATTR_RW(note);
static DEVICE_ATTR_RW(rf_port);
static DEVICE_ATTR_RO(rf_port_available);
static DEVICE_ATTR_RW(tracking_en);
static DEVICE_ATTR_RO(serial_number);
static DEVICE_ATTR_RO(path_rates);
static DEVICE_ATTR_RO(empty_text);
static DEVICE_ATTR_RO(several_lines);
static DEVICE_ATTR_WO(reset);
static DEVICE_ATTR_RO(reset_count);
static DEVICE_ATTR_RO(slow_read);
static DEVICE_ATTR_RW(slow_write);

static struct attribute *device_attrs[] = {
	&dev_attr_note.attr,
	&dev_attr_rf_port.attr,
	&dev_attr_rf_port_available.attr,
	&dev_attr_tracking_en.attr,
	&dev_attr_serial_number.attr,
	&dev_attr_path_rates.attr,
	&dev_attr_empty_text.attr,
	&dev_attr_several_lines.attr,
	&dev_attr_reset.attr,
	&dev_attr_reset_count.attr,
	&dev_attr_slow_read.attr,
	&dev_attr_slow_write.attr,
	&dev_attr_read_eio.attr,
	&dev_attr_read_einval.attr,
	&dev_attr_read_ebusy.attr,
	&dev_attr_read_enodev.attr,
	&dev_attr_write_eio.attr,
	&dev_attr_write_einval.attr,
	&dev_attr_write_ebusy.attr,
	&dev_attr_write_enodev.attr,
	NULL,
};

static const struct attribute_group device_group = {
	.attrs = device_attrs,
};

static const struct iio_info info = {
	.attrs = &device_group,
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
	strscpy(settings->rf_port, rf_ports[0], sizeof(settings->rf_port));
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
	debugfs_create_u32("slow_seconds", 0644, folder, &slow_seconds);
}

struct studio_unit studio_attrs = {
	.name = "studio-attrs",
	.plug = plug,
	.unplug = unplug,
	.add_controls = add_controls,
};
