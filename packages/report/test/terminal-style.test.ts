import { describe, expect, test } from 'vitest'
import { colouredStyle as style } from '../src/terminal/coloured-style.ts'

const seen = (text: string) => text.replaceAll('\u001b', '')

describe('a coloured style', () => {
  test('begins before the text and ends after it, and adds nothing to an empty one', () => {
    expect(seen(style.red('no'))).toBe('[31mno[39m')
    expect(style.bold('')).toBe('')
  })

  test('goes on after a style within it that ends in the same way', () => {
    expect(seen(style.bold(`a${style.dim('b')}c`))).toBe('[1ma[2mb[22m[1mc[22m')
  })

  test('never runs on from one line to the next', () => {
    expect(seen(style.green('a\nb'))).toBe('[32ma[39m\n[32mb[39m')
  })
})
