import { join } from 'node:path'
import { createOnlineChecker } from '@chaosproxy/checker'
import { readHistory } from '@chaosproxy/history/files'
import { describe, expect, test } from 'vitest'
import { readEvents } from '../../../history/src/files/read.ts'
import { corpus, corpusIsHere, labelledRegisters, readingOf } from '../labelled.ts'
import { measureStaleness } from '../measure-staleness.ts'

const registers = () => labelledRegisters().filter((entry) => typeof entry.expect['linearizable'] === 'boolean')

describe.runIf(corpusIsHere)('register histories labelled as linearizable or not linearizable', () => {
  test('no verdict of the online checker contradicts the label of a register history', async () => {
    const wrong: string[] = []
    const count = { linearizable: 0, 'not linearizable': 0, 'not certain': 0 }
    for (const labelled of registers()) {
      const checker = createOnlineChecker({ model: 'register', ...readingOf(labelled) })
      for await (const event of readEvents(join(corpus, labelled.file))) checker.push(event)
      const soFar = checker.soFar()
      count[soFar as keyof typeof count]++
      const contradicts = labelled.expect['linearizable'] ? 'not linearizable' : 'linearizable'
      if (soFar === contradicts) wrong.push(`${labelled.file}: ${soFar}`)
    }
    expect(wrong).toEqual([])
    expect(count.linearizable).toBeGreaterThan(20)
    expect(count['not linearizable']).toBeGreaterThan(20)
  })

  test('the staleness k of a register history is 1 exactly if its label is "linearizable"', async () => {
    const wrong: string[] = []
    let known = 0
    for (const labelled of registers()) {
      const history = await readHistory(join(corpus, labelled.file))
      const staleness = measureStaleness(history, readingOf(labelled))
      if (staleness?.k.atMost === undefined) continue
      known++
      const linearizable = labelled.expect['linearizable'] === true
      if ((staleness.k.atMost === 1) !== linearizable) wrong.push(`${labelled.file}: k ${JSON.stringify(staleness.k)}`)
      if (linearizable && staleness.reads.stale > 0)
        wrong.push(`${labelled.file}: ${staleness.reads.stale} stale reads`)
    }
    expect(wrong).toEqual([])
    expect(known).toBeGreaterThan(20)
  })
})
