import { isolations, levels } from '@chaosproxy/checker'
import { describe, expect, test } from 'vitest'
import { SEED, withSeed } from '../../src/gallery/exhibit.ts'
import { gallery } from '../../src/gallery/registry.ts'

test('no two entries of the gallery have the same name', () => {
  expect(new Set(gallery.map(({ name }) => name)).size).toBe(gallery.length)
})

describe.each(gallery.map((exhibit) => [exhibit.name, exhibit] as const))('the gallery entry %s', (_, exhibit) => {
  const { args, cure, breaks, source, weakness } = exhibit

  test('has the URL of its source, a short statement of the weakness, and the name of the level that the weakness breaks', () => {
    expect(URL.canParse(source)).toBe(true)
    expect(weakness).toMatch(/^.{20,160}[^.]$/)
    expect([...levels, ...isolations, 'faithful']).toContain(breaks)
    expect(['package', 'server', 'new finding'].includes(exhibit.kind)).toBe(exhibit.version !== undefined)
  })

  test('has one place for the seed, and the same expected level, both in its command and in the command of its cure', () => {
    for (const words of [args, cure.args]) expect(words.filter((word) => word === SEED)).toHaveLength(1)
    expect(withSeed(args, 7)).toContain('7')
    const expected = (words: readonly string[]) => words[words.indexOf('--expect') + 1]
    if (args.includes('--expect') || cure.args.includes('--expect'))
      expect([expected(args), expected(cure.args)]).toEqual([breaks, breaks])
  })

  test('has a command with the same first argument as the command of its cure, but with other further arguments', () => {
    expect(args).not.toEqual(cure.args)
    expect(args[0]).toBe(cure.args[0])
  })
})
