import { expect, test } from 'vitest'
import { HeaderBlock } from '../../../src/http/header-block.ts'
import { HeaderMemo } from '../../../src/http/header-memo.ts'
import { bytesOf } from '../../http/feed.ts'

const blockOf = (text: string) =>
  new HeaderBlock(bytesOf(`X: ${text}\r\n\r\n`), { contentLength: -1, transferCoding: 'none', upgrade: false })

test('a header memo recognises a block at any offset, and only if every byte is the same', () => {
  const memo = new HeaderMemo()
  const block = blockOf('abc')
  memo.add(block)
  expect(memo.find(block.bytes, 0)).toBe(block)
  expect(memo.find(bytesOf('GET / HTTP/1.1\r\nX: abc\r\n\r\nbody'), 16)).toBe(block)
  for (const other of ['Y: abc', 'X: bbc', 'X: abd', 'X: abcd', 'X: ab'])
    expect(memo.find(bytesOf(`${other}\r\n\r\n`), 0)).toBeUndefined()
  expect(memo.find(block.bytes.subarray(0, -1), 0)).toBeUndefined()
  expect(memo.find(bytesOf('X: abc\r\n\rx'), 0)).toBeUndefined()
})

test('a header memo replaces the oldest of eight blocks', () => {
  const memo = new HeaderMemo()
  const blocks = Array.from({ length: 10 }, (_, i) => blockOf(`${i}`))
  for (const block of blocks.slice(0, 8)) memo.add(block)
  expect(blocks.slice(0, 8).map((block) => memo.find(block.bytes, 0))).toEqual(blocks.slice(0, 8))
  for (const block of blocks.slice(8)) memo.add(block)
  expect(blocks.map((block) => memo.find(block.bytes, 0))).toEqual([undefined, undefined, ...blocks.slice(2)])
})

test('after 16 unknown blocks in succession, a header memo does not look up the next 64 blocks', () => {
  const memo = new HeaderMemo()
  const [known, unknown, late] = [blockOf('a'), blockOf('b'), blockOf('c')]
  memo.add(known)
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 15; i++) expect(memo.find(unknown.bytes, 0)).toBeUndefined()
    expect(memo.find(known.bytes, 0)).toBe(known)
  }
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 16; i++) expect(memo.find(unknown.bytes, 0)).toBeUndefined()
    memo.add(late)
    for (let i = 0; i < 64; i++) expect(memo.find(known.bytes, 0)).toBeUndefined()
    expect(memo.find(known.bytes, 0)).toBe(known)
  }
  expect(memo.find(late.bytes, 0)).toBeUndefined()
  memo.add(late)
  expect(memo.find(late.bytes, 0)).toBe(late)
})
