import { usageError } from '@chaosproxy/history'
import { type Listed, listing } from '../terminal/listing.ts'
import type { Attempt } from './attempt.ts'
import type { ComposedService } from './found.ts'
import { isYes, type Prompt } from './prompt.ts'
import { describePlace, type Proposal, proposalOf, type TypedPlace } from './proposal.ts'
import type { FolderSurvey } from './survey.ts'
import { type OwnStart, type ServedPlace, type Start, USUAL_PLACE } from './template.ts'

/** The file to write for a folder: a configuration, the declaration of its Compose project, or nothing. */
export type FolderChoice =
  | { readonly write: 'configuration'; readonly start: Start; readonly next: Next }
  | { readonly write: 'declaration'; readonly composeFile: string }
  | { readonly write: 'nothing' }

/** The next step for the user: run or check the service, or first correct the port, the start or the routes. */
export type Next = 'run' | 'check' | 'port' | 'start' | 'routes'

export interface FolderInput {
  readonly survey: FolderSurvey
  readonly typed: TypedPlace
  /** Asks the user. Without a terminal, the most likely choice is used without asking. */
  readonly prompt: Prompt | undefined
  readonly print: (text: string) => void
  /** Starts the service and tests the proposed request. Absent if chaos may not start the service. */
  readonly attempt?: ((start: OwnStart, place: ServedPlace) => Promise<Attempt>) | undefined
}

/**
 * Shows the contents of a folder, and asks whether to write a configuration.
 *
 * @throws UserError (usage) if the service in the folder cannot be tested without changes.
 */
export async function chooseForFolder(input: FolderInput): Promise<FolderChoice> {
  const { survey, typed, prompt, print } = input
  const first = proposalOf(survey, typed)
  if (first === undefined) return withoutProgram(input)
  print(`${indentedListing(first.found)}\n\n`)
  const proposal = prompt !== undefined && first.hasGuessedRoutes ? await withRoutes(first, prompt, input) : first
  const others = survey.compose === undefined ? [] : [composeText(survey.compose)]
  const tried = await tryOut(proposal, input)
  const open = [...tried.open, ...others].map((text) => `  • ${text}\n`)
  print(`  chaos.config.ts\n${indentedListing(tried.descriptions)}\n${open.length === 0 ? '' : `\n${open.join('')}`}\n`)
  if (prompt !== undefined && !isYes(await prompt('Write chaos.config.ts? [Y/n] '))) return nothingWritten(print)
  return { write: 'configuration', start: tried.start, next: tried.next }
}

interface TriedOut extends Pick<Proposal, 'start' | 'descriptions' | 'open'> {
  readonly next: Next
}

/** Starts the service, and keeps the first routes of its source that answer as expected. */
async function tryOut(proposal: Proposal, { survey, typed, prompt, print, attempt }: FolderInput): Promise<TriedOut> {
  const { start } = proposal
  if (survey.program?.missing !== undefined && 'command' in start.target) return doubtful(proposal, 'start', [])
  if (!proposal.isReady) return { ...proposal, next: 'port' }
  if (attempt === undefined || !('command' in start.target) || proposal.hasGuessedRoutes)
    return { ...proposal, next: 'check' }
  if (prompt === undefined)
    print('  starting the service to write one value and read it back; --no-try starts nothing\n\n')
  else if (!isYes(await prompt('Start it, to write one value and read it back? [Y/n] ')))
    return { ...proposal, next: 'check' }
  const others = typed.path === undefined ? survey.source.routes.slice(1) : []
  const all = [proposal, ...others.map((_, i) => proposalOf(survey, typed, i + 1) ?? proposal)]
  const refusals: string[] = []
  for (const each of all) {
    const { place = USUAL_PLACE } = each.start
    const tried = await attempt(start.target, place)
    switch (tried.type) {
      case 'fits': {
        const exchanges = tried.exchanges.map((text) => ['tried', text] as const)
        const descriptions = [...each.descriptions.slice(0, 1), ...describePlace(tried.place), ...exchanges]
        return { start: { ...each.start, place: tried.place }, descriptions, open: refusals, next: 'run' }
      }
      case 'not started':
        return doubtful(proposal, 'start', [`Not tried: ${tried.why}`])
      case 'refused':
        refusals.push(`${place.path} was tried: ${tried.why}`)
        break
      default:
        return tried satisfies never
    }
  }
  return doubtful(proposal, 'routes', refusals)
}

const DOUBTS = {
  start: 'chaos could not try these requests when it wrote this file: npx chaos doctor shows why.',
  routes: 'chaos tried these requests when it wrote this file, and they did not work: npx chaos doctor shows why.',
} as const

const doubtful = (proposal: Proposal, next: keyof typeof DOUBTS, why: readonly string[]): TriedOut => ({
  ...{ descriptions: proposal.descriptions, open: [...why, ...proposal.open], next },
  start: { ...proposal.start, doubt: DOUBTS[next] },
})

const indentedListing = (rows: readonly Listed[]): string =>
  listing(
    rows.map(([name, text]): Listed => [`    ${name}`, text]),
    String,
  ).join('\n')

async function withRoutes(
  proposal: Proposal,
  prompt: Prompt,
  { survey, typed, print }: FolderInput,
): Promise<Proposal> {
  for (const text of proposal.open) print(`  • ${text}\n`)
  const path = await prompt(`Path of an object, with {key} in it, that GET reads and PUT writes [${USUAL_PLACE.path}] `)
  const value = await prompt(`Where its value is in bodies [${typed.value ?? USUAL_PLACE.value}] `)
  const completed = { ...typed, path: path || USUAL_PLACE.path, value: value || typed.value || USUAL_PLACE.value }
  return proposalOf(survey, completed) ?? proposal
}

async function withoutProgram({ survey, typed, prompt, print }: FolderInput): Promise<FolderChoice> {
  const { compose, image, other } = survey
  if (typed.path !== undefined || typed.value !== undefined)
    throw usageError('--path and --value need a service of your own: give --command, too.')
  if (compose !== undefined) {
    print(`${indentedListing([[compose.file, compose.services.map(serviceText).join('; ')]])}\n\n`)
    if (prompt === undefined)
      throw usageError(
        `Nothing was written. ${composeText(compose)}. To test something else, give --command or --target.`,
      )
    const isWanted = isYes(
      await prompt(`Read ${compose.file} through its engine, and write a declaration of its nodes? [Y/n] `),
    )
    return isWanted ? { write: 'declaration', composeFile: compose.file } : nothingWritten(print)
  }
  if (image !== undefined && image !== '')
    throw usageError(
      `Nothing was written: Dockerfile runs ${image}, a program of the image that is not in this folder. Give a command that starts the program on this machine: npx chaos init --command 'PROGRAM --port {port}'. Or write a Compose file for the image, then: npx chaos init --compose.`,
    )
  const there =
    other === undefined
      ? `Nothing here looks like a service: ${LOOKED_FOR}.`
      : `${other.file} belongs to a program in ${other.language}, but chaos found no command that starts it. Give this command, and the\npath and the value of an object of the service: npx chaos init --command '${other.such}' --path /orders/{key} --value json.state`
  if (prompt === undefined) throw usageError(`${there}\nNothing was written. ${OTHER_BEGINNINGS}`)
  print(`  ${there}\n`)
  return nothingWritten(print)
}

const LOOKED_FOR =
  'no package.json with a server, no Flask, FastAPI or other Python server, no Compose file, no Dockerfile'

const OTHER_BEGINNINGS = `Other beginnings:
  npx chaos init --command 'node server.js --port {port}'   the command that starts a node of your service
  npx chaos init --compose                                  the containers of a Compose project
  npx chaos init --example                                  a small service to try
  npx chaos init --target raft                              a system that chaos includes`

function nothingWritten(print: FolderInput['print']): FolderChoice {
  print(`Nothing was written. ${OTHER_BEGINNINGS}
`)
  return { write: 'nothing' }
}

const serviceText = ({ name, image, ports }: ComposedService): string =>
  `${name} (${[image ?? 'built here', ...ports.map((port) => `port ${port}`)].join(', ')})`

const composeText = ({ file }: NonNullable<FolderSurvey['compose']>): string =>
  `To test the containers of ${file}: npx chaos init --compose ${file}`
