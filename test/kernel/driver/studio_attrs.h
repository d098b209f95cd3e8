/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two halves of "studio-attrs" share: its settings. */
#ifndef IIO_STUDIO_ATTRS_H
#define IIO_STUDIO_ATTRS_H

#include <linux/sysfs.h>
#include <linux/types.h>

#define STUDIO_REGISTERS 256

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
	u8 registers[STUDIO_REGISTERS];
};

/* Seconds that the slow attributes sleep. */
extern u32 studio_slow_seconds;
extern const struct attribute_group studio_device_attributes;

#endif
