// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test driver of IIO Studio: the module, and plugging its devices in and out.
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/module.h>

#include "studio.h"

#define DRIVER_NAME "iio-studio-test"

static struct studio_unit *const units[] = {
	&studio_counter, &studio_timestamped, &studio_kfifo, &studio_attrs, &studio_formats,
};

static struct dentry *controls;

static int probe(struct platform_device *pdev)
{
	struct studio_unit *unit = units[pdev->id];

	return unit->plug(unit, pdev);
}

static void remove(struct platform_device *pdev)
{
	struct studio_unit *unit = units[pdev->id];

	unit->unplug(unit, pdev);
}

static struct platform_driver driver = {
	.driver = { .name = DRIVER_NAME },
	.probe = probe,
	.remove = remove,
};

static int index_of(const struct studio_unit *unit)
{
	int i;

	for (i = 0; units[i] != unit; i++)
		;
	return i;
}

int studio_plug(struct studio_unit *unit)
{
	/* IIO maps blocks for this device: without the mask every block would bounce. */
	struct platform_device_info info = {
		.name = DRIVER_NAME,
		.id = index_of(unit),
		.dma_mask = DMA_BIT_MASK(64),
	};
	struct platform_device *pdev;

	guard(mutex)(&unit->lock);
	if (unit->pdev)
		return 0;
	pdev = platform_device_register_full(&info);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	if (!device_is_bound(&pdev->dev)) {
		platform_device_unregister(pdev);
		return -ENODEV;
	}
	unit->pdev = pdev;
	return 0;
}

void studio_unplug(struct studio_unit *unit)
{
	guard(mutex)(&unit->lock);
	if (!unit->pdev)
		return;
	platform_device_unregister(unit->pdev);
	unit->pdev = NULL;
}

bool studio_is_plugged(struct studio_unit *unit)
{
	guard(mutex)(&unit->lock);
	return unit->pdev;
}

static void init_unit(struct studio_unit *unit)
{
	unsigned int i;

	mutex_init(&unit->lock);
	for (i = 0; i < ARRAY_SIZE(unit->ports); i++) {
		mutex_init(&unit->ports[i].lock);
		unit->ports[i].fill = 1;
	}
}

static void unplug_all(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(units); i++)
		studio_unplug(units[i]);
}

static int __init studio_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(units); i++)
		init_unit(units[i]);
	ret = platform_driver_register(&driver);
	if (ret)
		return ret;
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		ret = studio_plug(units[i]);
		if (ret) {
			unplug_all();
			platform_driver_unregister(&driver);
			return ret;
		}
	}
	controls = studio_control_create(units, ARRAY_SIZE(units));
	return 0;
}

static void __exit studio_exit(void)
{
	debugfs_remove_recursive(controls);
	unplug_all();
	platform_driver_unregister(&driver);
}

module_init(studio_init);
module_exit(studio_exit);

MODULE_DESCRIPTION("Test devices of IIO Studio");
MODULE_AUTHOR("The IIO Studio authors");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IIO_DMA_BUFFER);
