import { describe, expect, test } from 'vitest'
import {
  type ExhibitResult,
  exhibitOutcome,
  gallerySummary,
  type TrialResult,
  trialsText,
} from '../../src/gallery/exhibit-result.ts'
import { galleryMarkdown } from '../../src/gallery/markdown.ts'
import { renderGalleryHtml } from '../../src/html/gallery-page.ts'

const trial = (outcome: TrialResult['outcome'], seed = 1): TrialResult => ({
  ...{ seed, outcome, seconds: 1.5 },
  exitCode: outcome === 'found' ? 1 : 0,
  said: `seed ${seed} was ${outcome}`,
})

const exhibit = (members: Partial<ExhibitResult> = {}): ExhibitResult => ({
  ...{ name: 'two-holders', kind: 'package', system: 'lock', version: '1.2.3', weakness: 'a | b <hold> it' },
  source: 'https://example.org/lock',
  breaks: 'linearizable',
  cure: 'a token',
  commands: { weakness: 'npx chaos run weak', cure: 'npx chaos run cured' },
  weaknessTrials: [trial('found'), trial('found', 2)],
  cureTrials: [trial('clean'), trial('clean', 2)],
  ...members,
})

describe('an exhibit of the gallery', () => {
  test('an exhibit is "as described" if all trials find the weakness and all trials of the cure are clean', () => {
    expect(exhibitOutcome(exhibit())).toBe('as described')
  })

  test.each([
    ['a trial of the weakness found nothing', { weaknessTrials: [trial('found'), trial('clean', 2)] }],
    ['a trial of the weakness came to something else', { weaknessTrials: [trial('other')] }],
    ['a trial of the cure found it', { cureTrials: [trial('clean'), trial('found', 2)] }],
    ['a trial of the cure proved nothing', { cureTrials: [trial('other')] }],
    ['nothing was tried', { weaknessTrials: [], cureTrials: [] }],
    ['the cure was not tried', { cureTrials: [] }],
  ])('an exhibit is "not as described" if %s', (_, members) => {
    expect(exhibitOutcome(exhibit(members))).toBe('not as described')
  })
})

test('an exhibit of the gallery of weaknesses is counted as "skipped" if the machine lacks its requirements', () => {
  const skipped = exhibit({ lacks: 'etcd is missing: apt-get install etcd-server', weaknessTrials: [], cureTrials: [] })
  expect(exhibitOutcome(skipped)).toBe('skipped')
  expect(trialsText(skipped)).toBe('skipped: etcd is missing: apt-get install etcd-server')
  expect(gallerySummary([exhibit(), skipped])).toBe('1 as described, 1 skipped')
  expect(galleryMarkdown([skipped])).toContain(
    '- `two-holders`: skipped: etcd is missing: apt-get install etcd-server\n',
  )
})

test('a weakness that was found in only some trials is reported with the number of these trials', () => {
  const rare = exhibit({ weaknessTrials: [trial('found'), trial('clean', 2), trial('clean', 3)] })
  expect(trialsText(rare)).toBe('found 1 of 3, cure clean 2 of 2')
  expect(gallerySummary([rare])).toBe('0 as described, 1 not as described')
  expect(galleryMarkdown([rare])).toContain(
    '- `two-holders`: found 1 of 3, cure clean 2 of 2. Not as described: seed 2 was clean',
  )
})

test('the Markdown of the gallery has a table per kind of system and a row per weakness, and escapes texts', () => {
  const text = galleryMarkdown([exhibit(), exhibit({ name: 'other', kind: 'embedded model', system: 'Raft' })])
  expect(text).toMatch(/^## Packages\n[^#]*^\| \[two-holders\]/m)
  expect(text).toContain('| [two-holders](https://example.org/lock) | lock 1.2.3 | a \\| b <hold> it | a token |')
  expect(text).toMatch(/^## Embedded models\n[^#]*^\| \[other\]\(https:[^ ]*\) \| embedded model of Raft \|/m)
})

test('the HTML page of the gallery of weaknesses escapes texts, and contains all that the Markdown contains', () => {
  const page = renderGalleryHtml([exhibit()], '1.0.0')
  expect(page).toMatch(/^<!doctype html>/)
  expect(page).toContain('a | b &lt;hold&gt; it')
  for (const text of [
    'npx chaos run weak',
    'npx chaos run cured',
    'found 2 of 2, cure clean 2 of 2',
    'seed 2 was clean',
  ])
    expect(page.toLowerCase()).toContain(text)
})
