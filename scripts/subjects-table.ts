/** The result of a subject of the track record: a line of `packages/cli/docs/gallery/subjects.jsonl`. */
export interface KeptSubject {
  readonly name: string
  /** The package with its version, and the judged part of it. */
  readonly subject: string
  readonly kind: string
  readonly promise: string
  /** The URL of the documentation with the promise. */
  readonly source: string
  readonly workload: string
  readonly result: 'holds' | 'documented weakness' | 'not documented'
  readonly finding?: string
  readonly documented?: string
  readonly searched?: string
  readonly cure?: string
  readonly seeds?: number
  readonly seconds: number
  readonly real?: { readonly trials: number; readonly seconds: number }
  readonly triedOn: string
}

const RESULTS = ['holds', 'documented weakness', 'not documented'] as const

/**
 * Returns a Markdown table with the number of subjects of each kind, by result: the subject keeps its promise, has a
 * documented weakness, or has a weakness that is not documented.
 */
export function countsMarkdown(subjects: readonly KeptSubject[]): string {
  const kinds = [...new Set(subjects.map(({ kind }) => kind))].toSorted()
  return tableOf(
    ['kind', ...RESULTS],
    [
      ...kinds.map((kind) => [kind, ...countsOf(subjects.filter((each) => each.kind === kind))]),
      ['all', ...countsOf(subjects)],
    ],
  )
}

const countsOf = (subjects: readonly KeptSubject[]): readonly string[] =>
  RESULTS.map((result) => String(subjects.filter((each) => each.result === result).length || ''))

/** Markdown: each subject, its promise, and its result. */
export const subjectsMarkdown = (subjects: readonly KeptSubject[]): string =>
  RESULTS.toReversed()
    .map((result) => {
      const those = subjects.filter((each) => each.result === result)
      const rows = those.map((each) => [
        nameOf(each),
        promiseOf(each),
        ...(result === 'holds' ? [] : [whyOf(each)]),
        triedOf(each),
      ])
      const titles = [
        'subject',
        'promise',
        ...(result === 'holds' ? [] : ['what breaks it']),
        `${seedsOf(subjects)} seeds`,
      ]
      return `## ${TITLES[result]}\n\n${tableOf(titles, rows)}`
    })
    .join('\n')

const TITLES = {
  holds: 'Promises that held',
  'documented weakness': 'Documented weaknesses',
  'not documented': 'Weaknesses that are documented nowhere',
}

const nameOf = ({ name, subject }: KeptSubject): string =>
  `[${subject}](https://github.com/chaosproxy/chaos/tree/main/examples/track-record/${name})`

const promiseOf = ({ promise, source }: KeptSubject): string => `[${promise}](${source})`

/** Returns the first clause of a finding. The subject's `subject.json` contains the whole finding. */
const briefly = (finding: string): string => `${finding.split(/[:.] |\.$/)[0] ?? ''}.`

const whyOf = ({ finding = '', documented, cure }: KeptSubject): string =>
  `${briefly(finding)}${documented === undefined ? '' : ` [Documented](${documented}).`}${cure === undefined ? '' : ` Cure: ${cure}.`}`

const triedOf = ({ seconds, real }: KeptSubject): string =>
  [`${Math.round(seconds)} s`, ...(real === undefined ? [] : [`real ${real.trials} of ${real.trials}`])].join(', ')

/** The number of seeds that each subject was tried with. */
const seedsOf = (subjects: readonly KeptSubject[]): string =>
  [...new Set(subjects.flatMap(({ seeds }) => seeds ?? []))].join(' or ')

const tableOf = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [titles, titles.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('')
