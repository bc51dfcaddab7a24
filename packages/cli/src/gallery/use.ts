import { USUAL_OUT } from '@chaosproxy/engine/run'
import { didYouMean, usageError } from '@chaosproxy/history'
import { type Exhibit, gallery } from '@chaosproxy/scenarios'
import * as v from 'valibot'
import { asCount, flag, forcePage, inGroup, valuesOf, word } from '../arguments/declare.ts'
import { namesOf } from '../arguments/names.ts'
import { type CommandAction, type ParsedOptions, textsOf } from '../command.ts'
import { refuseToOverwriteOthers } from '../terminal/overwriting.ts'
import type { Use } from '../use.ts'

/** The settings of `chaos gallery`, validated. */
export type GallerySettings = { readonly json: boolean } & (
  | { readonly action: 'list' }
  | { readonly action: 'show'; readonly exhibits: readonly Exhibit[] }
  | ({ readonly action: 'run' } & GalleryRun)
)

export interface GalleryRun {
  readonly exhibits: readonly Exhibit[]
  /** Whether the user named no exhibits. Exhibits that this machine cannot run are then skipped. */
  readonly isAll: boolean
  readonly seeds: number
  readonly seed: number
  readonly out: string
  /** The pages' files. */
  readonly html: string | undefined
  readonly markdown: string | undefined
}

const MOST_SEEDS = 100
const seeds = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_SEEDS))
const seed = v.pipe(v.number(), v.integer(), v.minValue(0))

const declared = {
  ...inGroup('What is run', [], {
    all: flag('(run only) reproduce every weakness for which all programs are installed'),
    seeds: asCount(v.optional(seeds, 3), {
      text: `(run only) number of trials of each weakness and each cure, 1 to ${MOST_SEEDS}`,
    }),
    seed: asCount(v.optional(seed, 1), { text: '(run only) seed of the first trial' }),
  }),
  ...inGroup('Output', [], {
    json: flag('print JSON on stdout'),
    html: word('(run only) write the results to this file as an HTML page'),
    markdown: word('(run only) write the results to this file as Markdown'),
    out: word('(run only) where to create the directories of the runs', USUAL_OUT),
    force: forcePage,
  }),
}

const actions: readonly CommandAction[] = [
  {
    names: ['show'],
    usage: 'NAME',
    summary: 'show one weakness: where it is documented, and the commands that reproduce it and test its cure',
  },
  {
    names: ['run'],
    usage: 'NAME|--all',
    summary: 'reproduce the weakness, then test its cure, and report both results',
  },
]

export const use: Use<GallerySettings> = {
  name: 'gallery',
  positional: '[words..]',
  summary: 'list weaknesses of real systems, or reproduce them and test their cures',
  options: declared,
  actions,
  examples: [
    ['chaos gallery', 'what there is, with a line each'],
    ['chaos gallery show ioredis-incr', 'where one weakness is documented, and its commands'],
    ['chaos gallery run ioredis-incr', 'three trials of the weakness, three of the cure'],
    ['chaos gallery run --all --seeds 1 --html gallery.html', 'every weakness for which all programs are installed'],
  ],
  read: parseGallerySettings,
}

/** @throws UserError (usage) */
function parseGallerySettings(options: ParsedOptions): GallerySettings {
  const [action, ...names] = textsOf(options, 'words')
  const { json, all, force, ...run } = valuesOf(options, declared)
  if (action !== 'run') refuseOptionsOfRun(options)
  if (action === undefined) return { action: 'list', json }
  if (action === 'show') return { action, json, exhibits: exhibitsNamed(names, action) }
  if (action !== 'run')
    throw usageError(
      `chaos gallery ${action}: there is no such action. There are: show and run.${didYouMean(action, ['show', 'run'])}`,
    )
  if (all && names.length > 0)
    throw usageError(`chaos gallery run: --all and ${names.join(', ')} exclude each other: give one.`)
  for (const [option, file, start] of [
    ['html', run.html, '<!doctype html>'],
    ['markdown', run.markdown, ''],
  ] as const) {
    const recognises = start === '' ? undefined : (text: string) => text.startsWith(start)
    if (file !== undefined) refuseToOverwriteOthers(file, { typed: `--${option} ${file}`, force, recognises })
  }
  const exhibits = all ? gallery : exhibitsNamed(names, action)
  return { action, json, exhibits, isAll: all, ...run, out: run.out ?? USUAL_OUT }
}

function refuseOptionsOfRun(options: ParsedOptions): void {
  const typed = Object.keys(declared).find(
    (name) => name !== 'json' && options[name] !== undefined && options[name] !== false,
  )
  if (typed === undefined) return
  throw usageError(`--${typed} works only with chaos gallery run NAME. Leave it out.`)
}

/** @throws UserError (usage) if no name is given, or if a name is unknown. */
function exhibitsNamed(names: readonly string[], action: string): readonly Exhibit[] {
  const known = namesOf(gallery)
  if (names.length === 0)
    throw usageError(
      `chaos gallery ${action}: name a weakness, such as chaos gallery ${action} ${known[0]}${action === 'run' ? ', or all of them by --all' : ''}. chaos gallery lists them.`,
    )
  return names.map((name) => {
    const exhibit = gallery.find((each) => each.name === name)
    if (exhibit !== undefined) return exhibit
    throw usageError(
      `The gallery has no weakness ${name}.${didYouMean(name, known)} chaos gallery lists all weaknesses.`,
    )
  })
}
