// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attributes of the device "studio-attrs" itself: list, boolean, text, read-only, write-only,
 * slow and failing ones.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include <linux/iio/iio.h>

#include "studio_attrs.h"

u32 studio_slow_seconds = 3;

static struct studio_settings *settings_of(struct device *dev)
{
	return iio_priv(dev_to_iio_dev(dev));
}

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
	msleep(studio_slow_seconds * 1000);
	return sysfs_emit(buf, "%u\n", studio_slow_seconds);
}

static ssize_t slow_write_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0\n");
}

static ssize_t slow_write_store(struct device *dev, struct device_attribute *attr,
				const char *buf, size_t len)
{
	msleep(studio_slow_seconds * 1000);
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

const struct attribute_group studio_device_attributes = {
	.attrs = device_attrs,
};
