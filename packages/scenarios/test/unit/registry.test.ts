import { nodeNames } from '@chaosproxy/faults'
import { findProtocol } from '@chaosproxy/protocols'
import { findWorkload } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { scenarioOf, stories } from '../../src/index.ts'

test('the name of each story is unique, and its summary is one line', () => {
  const names = stories.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { name, summary } of stories) {
    expect(name).toMatch(/^[a-z]+(-[a-z0-9]+)*$/)
    expect(summary).toMatch(/^[^\n]{20,90}[^.\n]$/)
  }
})

describe.each(stories)('the story $name', ({ lesson, source, told, fix, ledger, withoutLedger }) => {
  test('each story has a ledger that shows whether a promise was kept, or a sentence that says why it has none', () => {
    expect([ledger, withoutLedger].filter((each) => each !== undefined)).toHaveLength(1)
    expect(ledger?.promise ?? withoutLedger).toMatch(/^[A-Za-z][^.]{15,}\.$/)
  })

  test('each story has a lesson of two to four sentences, and a source with its year', () => {
    expect([2, 3, 4]).toContain(lesson.match(/[^.]+[.](?= |$)/g)?.length)
    expect(source).toMatch(/(?:19|20)\d\d/)
  })

  test.each([...told, fix])('the run $title uses only systems, nodes, clients and functions that exist', (tale) => {
    const { target, bug, targetSettings = {}, workload, nodes, cast, beats, leader, load } = tale
    const object = findWorkload(workload)?.object
    expect(() => findProtocol(target)?.create({ bug, object, settings: targetSettings })).not.toThrow()
    expect(findProtocol(target)).toBeDefined()
    expect(object).toBeDefined()
    const { operations, faults } = scenarioOf(tale)
    for (const { client, node, input } of operations) {
      if (load === undefined) expect(cast[client]).toBeDefined()
      expect(nodeNames(nodes)).toContain(node)
      expect(findWorkload(workload)?.functions).toContain(input.f)
    }
    for (const { fault } of faults) {
      const ends = 'nodes' in fault ? fault.nodes : fault.links.flatMap(({ from, to }) => [from, to])
      expect([...nodeNames(nodes), 'clients']).toEqual(expect.arrayContaining([...ends]))
    }
    if (load !== undefined) expect(cast).toEqual([])
    if (leader !== undefined) expect(nodeNames(nodes)).toContain(leader)
    expect(beats.map(({ atMs }) => atMs)).toEqual(beats.map(({ atMs }) => atMs).sort((a, b) => a - b))
  })
})
