// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a scan looks like: the value of each channel as a function of the scan count, laid out as
 * the IIO core lays out the enabled elements. Bits that belong to no value, and padding bytes,
 * hold rubbish on purpose: a reader that forgets to shift or mask is found out.
 */
#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/hash.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "studio.h"

#define RUBBISH_WORD	0xa5a5a5a5a5a5a5a5ULL
#define RUBBISH_PADDING	0xee

static u64 low_bits(unsigned int bits)
{
	return bits >= 64 ? ~0ULL : BIT_ULL(bits) - 1;
}

u64 studio_value(enum studio_value value, unsigned int index, unsigned int repeat, u64 count)
{
	unsigned int phase;

	switch (value) {
	case STUDIO_COUNT_LOW:
		return count & 0xffff;
	case STUDIO_COUNT_HIGH:
		return (count >> 16) & 0xffff;
	case STUDIO_INVERTED:
		return ~count & 0xffff;
	case STUDIO_TRIANGLE:
		phase = count & 0xfff;
		if (phase & 0x800)
			phase ^= 0xfff;
		return (u64)(s64)((int)phase * 16 - 16384);
	default:
		return count * (2 * index + 1) + 1000ULL * index + repeat;
	}
}

static int add_element(struct studio_layout *layout, const struct iio_chan_spec *channel,
		       unsigned int *largest)
{
	const struct iio_scan_type *type = &channel->scan_type;
	unsigned int bytes = type->storagebits / 8 * max_t(unsigned int, type->repeat, 1);
	struct studio_element *element;
	size_t offset = ALIGN(layout->bytes, bytes);

	if (layout->count == STUDIO_MAX_ELEMENTS || offset + bytes > STUDIO_MAX_SCAN_BYTES)
		return -EINVAL;

	element = &layout->elements[layout->count++];
	element->type = *type;
	element->value = channel->address;
	element->index = channel->scan_index;
	element->offset = offset;
	element->timestamp = channel->type == IIO_TIMESTAMP;
	if (element->timestamp)
		layout->timestamp_offset = offset;
	if (offset != layout->bytes)
		layout->padded = true;
	layout->bytes = offset + bytes;
	*largest = max(*largest, bytes);
	return 0;
}

static bool is_counter_word(const struct studio_layout *layout)
{
	unsigned int i, values = layout->count - (layout->timestamp_offset >= 0);

	if (values != 4)
		return false;
	for (i = 0; i < 4; i++)
		if (layout->elements[i].value != i || layout->elements[i].type.storagebits != 16)
			return false;
	return true;
}

/*
 * The same rules as iio_compute_scan_bytes(): enabled elements by index, each aligned to its own
 * size, the timestamp last, the whole padded to the largest element.
 */
int studio_layout_init(struct studio_layout *layout, struct iio_dev *indio_dev,
		       const unsigned long *mask, bool timestamp)
{
	unsigned int i, largest = 1;
	size_t padded;
	int ret;

	memset(layout, 0, sizeof(*layout));
	layout->timestamp_offset = -1;
	for (i = 0; i < indio_dev->num_channels; i++) {
		const struct iio_chan_spec *channel = &indio_dev->channels[i];
		bool enabled;

		if (channel->scan_index < 0)
			continue;
		if (channel->type == IIO_TIMESTAMP)
			enabled = timestamp;
		else
			enabled = test_bit(channel->scan_index, mask);
		if (!enabled)
			continue;
		ret = add_element(layout, channel, &largest);
		if (ret)
			return ret;
	}
	padded = ALIGN(layout->bytes, largest);
	if (padded != layout->bytes)
		layout->padded = true;
	layout->bytes = padded;
	layout->counter_word = is_counter_word(layout);
	return 0;
}

static void put_word(void *to, const struct iio_scan_type *type, u64 value)
{
	u64 mask = low_bits(type->realbits) << type->shift;
	u64 word = ((value << type->shift) & mask) | (RUBBISH_WORD & ~mask);
	bool big = type->endianness == IIO_BE;

	switch (type->storagebits) {
	case 8:
		*(u8 *)to = word;
		break;
	case 16:
		big ? put_unaligned_be16(word, to) : put_unaligned_le16(word, to);
		break;
	case 32:
		big ? put_unaligned_be32(word, to) : put_unaligned_le32(word, to);
		break;
	default:
		big ? put_unaligned_be64(word, to) : put_unaligned_le64(word, to);
		break;
	}
}

static s64 timestamp_of(const struct studio_cursor *cursor)
{
	u32 jitter = cursor->jitter_ns;

	if (!jitter)
		return cursor->timestamp;
	return cursor->timestamp + hash_64(cursor->count, 32) % (2 * jitter + 1) - jitter;
}

static void put_scan(const struct studio_cursor *cursor, u8 *to)
{
	const struct studio_layout *layout = cursor->layout;
	unsigned int i, repeat;

	if (layout->padded)
		memset(to, RUBBISH_PADDING, layout->bytes);
	for (i = 0; i < layout->count; i++) {
		const struct studio_element *element = &layout->elements[i];
		unsigned int step = element->type.storagebits / 8;
		unsigned int repeats = max_t(unsigned int, element->type.repeat, 1);

		if (element->timestamp) {
			put_unaligned((s64)timestamp_of(cursor), (s64 *)(to + element->offset));
			continue;
		}
		for (repeat = 0; repeat < repeats; repeat++)
			put_word(to + element->offset + repeat * step, &element->type,
				 studio_value(element->value, element->index, repeat,
					      cursor->count));
	}
}

/*
 * @first_count: the count of scan 0, @scan: index of the first scan to be written, @epoch: the
 * time of scan 0 in the clock of the device.
 */
void studio_cursor_init(struct studio_cursor *cursor, const struct studio_layout *layout,
			u64 first_count, u64 scan, s64 epoch, u32 rate_hz, u32 jitter_ns)
{
	u32 rest;
	u64 seconds = div_u64_rem(scan, rate_hz, &rest);
	u64 nanoseconds = (u64)rest * NSEC_PER_SEC;

	cursor->layout = layout;
	cursor->count = first_count + scan;
	cursor->timestamp = epoch + seconds * NSEC_PER_SEC + div_u64(nanoseconds, rate_hz);
	cursor->timestamp_remainder = nanoseconds % rate_hz;
	cursor->rate_hz = rate_hz;
	cursor->jitter_ns = jitter_ns;
	cursor->phase = 0;
}

static void advance(struct studio_cursor *cursor)
{
	cursor->count++;
	if (cursor->layout->timestamp_offset < 0)
		return;
	cursor->timestamp += NSEC_PER_SEC / cursor->rate_hz;
	cursor->timestamp_remainder += NSEC_PER_SEC % cursor->rate_hz;
	if (cursor->timestamp_remainder >= cursor->rate_hz) {
		cursor->timestamp_remainder -= cursor->rate_hz;
		cursor->timestamp++;
	}
}

static u64 counter_word(u64 count)
{
	unsigned int phase = count & 0xfff;

	if (phase & 0x800)
		phase ^= 0xfff;
	return (u32)count | (u64)(u16)~count << 32 | (u64)(u16)(phase * 16 - 16384) << 48;
}

static void put_scans(struct studio_cursor *cursor, u8 *to, size_t scans)
{
	const struct studio_layout *layout = cursor->layout;
	u64 count = cursor->count;
	u64 *words = (u64 *)to;
	size_t i;

	if (layout->counter_word && layout->timestamp_offset < 0) {
		for (i = 0; i < scans; i++)
			words[i] = counter_word(count + i);
		cursor->count += scans;
		return;
	}
	for (i = 0; i < scans; i++, to += layout->bytes) {
		if (layout->counter_word) {
			put_unaligned(counter_word(cursor->count), (u64 *)to);
			put_unaligned(timestamp_of(cursor), (s64 *)(to + layout->timestamp_offset));
		} else {
			put_scan(cursor, to);
		}
		advance(cursor);
	}
}

/* Writes the next @bytes of the stream; a scan may begin in one piece and end in the next. */
void studio_cursor_write(struct studio_cursor *cursor, void *to, size_t bytes)
{
	size_t size = cursor->layout->bytes;
	u8 *out = to;

	while (bytes) {
		size_t piece;

		if (!cursor->phase && bytes >= size) {
			size_t scans = bytes / size;

			put_scans(cursor, out, scans);
			out += scans * size;
			bytes -= scans * size;
			continue;
		}
		if (!cursor->phase)
			put_scan(cursor, cursor->scan);
		piece = min(bytes, size - cursor->phase);
		memcpy(out, cursor->scan + cursor->phase, piece);
		out += piece;
		bytes -= piece;
		cursor->phase += piece;
		if (cursor->phase == size) {
			cursor->phase = 0;
			advance(cursor);
		}
	}
}
