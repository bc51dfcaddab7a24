import { describe, expect, test } from 'vitest'
import { colouredStyle as style } from '../../src/terminal/coloured-style.ts'

const seen = (text: string) => text.replaceAll('\u001b', '')

describe('a terminal style', () => {
  test('a terminal style surrounds a text with its codes, and leaves an empty text empty', () => {
    expect(seen(style.red('no'))).toBe('[31mno[39m')
    expect(style.bold('')).toBe('')
  })

  test('a terminal style continues after a nested style that has the same end code', () => {
    expect(seen(style.bold(`a${style.dim('b')}c`))).toBe('[1ma[2mb[22m[1mc[22m')
  })

  test('a terminal style ends at each line break, and begins again on the next line', () => {
    expect(seen(style.green('a\nb'))).toBe('[32ma[39m\n[32mb[39m')
  })
})
