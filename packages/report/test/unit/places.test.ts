import { expect, test } from 'vitest'
import { cited, linesText, lineText } from '../../src/places.ts'

const files = [
  { name: 'logs/a.jsonl', linesBefore: 0 },
  { name: 'logs/b.jsonl', linesBefore: 2000 },
]

test('lines of a history in one file are cited by number', () => {
  expect(lineText({}, 1204)).toBe('line 1,204')
  expect(linesText({}, [3, 4, 9])).toBe('lines 3–4 and 9')
  expect(cited('h.jsonl', [7])).toBe('h.jsonl:7')
  expect(cited('h.jsonl', [])).toBe('h.jsonl')
})

test('lines of a history merged from several files are cited by file and line', () => {
  expect(lineText({ files }, 2001)).toBe('b.jsonl:1')
  expect(linesText({ files }, [1, 2, 2001])).toBe('a.jsonl, lines 1–2; b.jsonl:1')
})
