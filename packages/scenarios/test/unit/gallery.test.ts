import { isolations, levels } from '@chaosproxy/checker'
import { describe, expect, test } from 'vitest'
import { SEED, withSeed } from '../../src/gallery/exhibit.ts'
import { gallery } from '../../src/gallery/registry.ts'

test('no two entries of the gallery have the same name', () => {
  expect(new Set(gallery.map(({ name }) => name)).size).toBe(gallery.length)
})

describe.each(gallery.map((exhibit) => [exhibit.name, exhibit] as const))('the gallery entry %s', (_, exhibit) => {
  const { args, cure, breaks, source, weakness } = exhibit

  test('a gallery entry has the URL of its source, a short statement of the weakness, and the broken level', () => {
    expect(URL.canParse(source)).toBe(true)
    expect(weakness).toMatch(/^.{20,160}[^.]$/)
    expect([...levels, ...isolations, 'faithful']).toContain(breaks)
    expect(['package', 'server', 'new finding'].includes(exhibit.kind)).toBe(exhibit.version !== undefined)
  })

  test('the two commands of a gallery entry each contain "{seed}" once, and expect the same level', () => {
    for (const words of [args, cure.args]) expect(words.filter((word) => word === SEED)).toHaveLength(1)
    expect(withSeed(args, 7)).toContain('7')
    const expected = (words: readonly string[]) => words[words.indexOf('--expect') + 1]
    if (args.includes('--expect') || cure.args.includes('--expect'))
      expect([expected(args), expected(cure.args)]).toEqual([breaks, breaks])
  })

  test('the two commands of a gallery entry differ, but have the same first argument', () => {
    expect(args).not.toEqual(cure.args)
    expect(args[0]).toBe(cure.args[0])
  })
})
