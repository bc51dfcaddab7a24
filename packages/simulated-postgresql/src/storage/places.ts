import { NotSupported } from '../sql/error.ts'
import type { Heap, Tuple } from './model.ts'

/** The number of versions of a narrow row that fit on a page of 8 kB. */
const PER_PAGE = 226
const PAGE = 0x1_0000

/** The positions of versions, assigned at the first request because versions do not store them. */
const places = new WeakMap<Tuple, number>()
const counted = new WeakMap<Heap, number>()

export function placeOf(tuple: Tuple, heap: Heap): number {
  const known = places.get(tuple)
  if (known !== undefined) return known
  const { tuples } = heap
  let first = tuples.length
  for (let before = tuples[first - 1]; before !== undefined && !places.has(before); before = tuples[first - 1]) first--
  let count = counted.get(heap) ?? 0
  const put = (each: Tuple): number => {
    const place = Math.floor(count / PER_PAGE) * PAGE + (count % PER_PAGE) + 1
    places.set(each, place)
    count++
    return place
  }
  for (const each of tuples.slice(first)) put(each)
  const place = places.get(tuple)
  // If a statement is evaluated again, it may create row versions that are not in the table. Such a version has no
  // position.
  if (place === undefined) throw new NotSupported('the ctid of a row version that is not in its table')
  counted.set(heap, count)
  return place
}
