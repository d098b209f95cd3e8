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

/*
 * Unplugging takes the driver off its platform device and leaves that device: open files still
 * hold blocks that are mapped for it, and IIO holds no reference to it. (Blocks of a device that is
 * gone altogether crash the kernel when they are unmapped.)
 */
int studio_plug(struct studio_unit *unit)
{
	int ret;

	guard(mutex)(&unit->lock);
	if (device_is_bound(&unit->pdev->dev))
		return 0;
	ret = device_attach(&unit->pdev->dev);
	if (ret < 0)
		return ret;
	return ret ? 0 : -ENODEV;
}

void studio_unplug(struct studio_unit *unit)
{
	guard(mutex)(&unit->lock);
	device_release_driver(&unit->pdev->dev);
}

bool studio_is_plugged(struct studio_unit *unit)
{
	guard(mutex)(&unit->lock);
	return device_is_bound(&unit->pdev->dev);
}

static int create_unit(unsigned int index)
{
	/* IIO maps blocks for this device: without the mask every block would bounce. */
	struct platform_device_info info = {
		.name = DRIVER_NAME,
		.id = index,
		.dma_mask = DMA_BIT_MASK(64),
	};
	struct studio_unit *unit = units[index];
	struct platform_device *pdev;
	unsigned int i;

	mutex_init(&unit->lock);
	for (i = 0; i < ARRAY_SIZE(unit->ports); i++) {
		mutex_init(&unit->ports[i].lock);
		unit->ports[i].fill = 1;
	}
	pdev = platform_device_register_full(&info);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	unit->pdev = pdev;
	return studio_is_plugged(unit) ? 0 : -ENODEV;
}

static void destroy_units(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(units); i++)
		platform_device_unregister(units[i]->pdev);
	platform_driver_unregister(&driver);
}

static int __init studio_init(void)
{
	unsigned int i;
	int ret;

	ret = platform_driver_register(&driver);
	for (i = 0; i < ARRAY_SIZE(units) && !ret; i++) {
		ret = create_unit(i);
		if (ret)
			destroy_units();
	}
	if (!ret)
		controls = studio_control_create(units, ARRAY_SIZE(units));
	return ret;
}

static void __exit studio_exit(void)
{
	debugfs_remove_recursive(controls);
	destroy_units();
}

module_init(studio_init);
module_exit(studio_exit);

MODULE_DESCRIPTION("Test devices of IIO Studio");
MODULE_AUTHOR("The IIO Studio authors");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IIO_DMA_BUFFER);
