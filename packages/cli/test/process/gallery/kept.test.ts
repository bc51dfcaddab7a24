import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exhibitOutcome, galleryMarkdown } from '@chaosproxy/report/gallery'
import { gallery } from '@chaosproxy/scenarios'
import { describe, expect, test } from 'vitest'
import { countsMarkdown, type KeptSubject, subjectsMarkdown } from '../../../../../scripts/subjects-table.ts'
import { root } from '../../../../testing/src/chaos.ts'
import { keptExhibits } from '../../../src/gallery/kept.ts'
import { exhibitResult } from '../../../src/gallery/run-exhibits.ts'

const docs = join(root, 'packages', 'cli', 'docs')
const page = join(docs, 'weaknesses.md')
const MARK = '<!-- Generated from here on: npx vitest run packages/cli/test/process/gallery/kept.test.ts -u -->\n'
const kept = keptExhibits()
const subjects: readonly KeptSubject[] = readFileSync(join(docs, 'gallery', 'subjects.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))

/**
 * On an idle machine, a trial takes a minute. The limit is higher, because other programs ran at the same time as the
 * stored trials.
 */
const LONGEST_SECONDS = 90

describe('the stored track record', () => {
  test('the stored gallery results equal those on the gallery page', async () => {
    const tracked = join(docs, 'track-record.md')
    const [head] = readFileSync(tracked, 'utf8').split(MARK)
    await expect(`${head}${MARK}\n${subjectsMarkdown(subjects)}`).toMatchFileSnapshot(tracked)
  })

  test('each subject and result of the stored track record equals the subject.json of its example', () => {
    const folder = join(root, 'examples', 'track-record')
    for (const { name, subject, result } of subjects)
      expect(JSON.parse(readFileSync(join(folder, name, 'subject.json'), 'utf8'))).toMatchObject({ subject, result })
  })

  test('the stored track record has a run on real processes for each undocumented weakness', () => {
    const found = subjects.filter(({ result }) => result === 'not documented')
    expect(found.length).toBeGreaterThanOrEqual(5)
    expect(found.filter(({ real }) => real === undefined)).toEqual([])
  })
})

describe('the stored results of the gallery', () => {
  test('the stored results of the gallery equal the results on its page', async () => {
    const [head] = readFileSync(page, 'utf8').split(MARK)
    await expect(`${head}${MARK}\n${countsMarkdown(subjects)}\n${galleryMarkdown(kept)}`).toMatchFileSnapshot(page)
  })

  test.each(kept)(
    'the example $name has three or more stored trials, the described outcome and the current description',
    (exhibit) => {
      const { triedOn, weaknessTrials, cureTrials, ...said } = exhibit
      expect(exhibitOutcome(exhibit)).toBe('as described')
      expect(Math.min(weaknessTrials.length, cureTrials.length)).toBeGreaterThanOrEqual(3)
      for (const { seconds } of [...weaknessTrials, ...cureTrials]) expect(seconds).toBeLessThan(LONGEST_SECONDS)
      expect(triedOn).toMatch(/^\d{4}-\d\d-\d\d$/)
      const current = gallery.find(({ name }) => name === exhibit.name)
      const { weaknessTrials: _, cureTrials: __, ...now } = exhibitResult(current!)
      expect(said).toMatchObject(now)
    },
  )

  test('the gallery stores results for at least thirty examples of weaknesses', () => {
    expect(kept.length).toBeGreaterThanOrEqual(30)
  })
})
