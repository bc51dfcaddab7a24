import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { didYouMean, usageError } from '@chaosproxy/history'
import {
  groupOfServices,
  type NodeGroup,
  nodeGroups,
  proposalFor,
  type Survey,
  surveyProject,
} from '@chaosproxy/targets'
import { print, printNotice } from '../terminal/output.ts'
import { writeNamed } from '../terminal/overwriting.ts'

interface ComposeChoices {
  /** The typed text: a file, the name of a project, or empty. */
  readonly wanted: string
  readonly services: readonly string[]
  readonly force: boolean
  readonly canPrompt: boolean
}

/** Writes a declaration of a Compose project, and lists the guesses in it. @throws UserError */
export async function initCompose({ wanted, services, force, canPrompt }: ComposeChoices): Promise<void> {
  const survey = surveyProject({
    wanted,
    directory: process.cwd(),
    creating: (command) => printNotice(`  ${command}, to see what the project has\n`),
  })
  const groups = services.length > 0 ? [chosenGroup(services, survey)] : nodeGroups(survey.containers)
  const [likeliest, ...more] = groups
  if (likeliest === undefined)
    throw usageError(
      `${survey.name}: chaos cannot tell which of these services are nodes: ${[...new Set(survey.containers.map(({ service }) => service))].join(', ')}. Name the nodes with --service.`,
    )
  const group = canPrompt && more.length > 0 ? await promptForGroup(groups) : likeliest
  const { declaration, faults, cuttable, open } = proposalFor({ ...survey, group })
  const file = `${fileNameOf(survey.name)}.json`
  requireFree(file, force)
  writeNamed(file, `${JSON.stringify(declaration, null, 2)}\n`)
  const others = groups.filter((each) => each !== group)
  // Faults on services need a running project, so the printed command starts it first.
  const { startedBy } = survey
  const first = startedBy === undefined || !faults.some((fault) => fault.includes(':')) ? '' : `${startedBy} && `
  const lines = [
    `Wrote ${file}. Its nodes are ${described(group)}.`,
    ...(others.length === 0 || canPrompt
      ? []
      : [`Other services could be: ${others.map(described).join('; ')}. Choose them by --service.`]),
    ...open,
    ...(cuttable.length === 0 ? [] : [linksText(cuttable, faults)]),
    `Try it, as root: ${first}npx chaos run --target ./${file} --faults ${faults.join()} --time 10s --expect linearizable`,
  ]
  print(`${lines.join('\n')}\n`)
}

function linksText(cuttable: readonly string[], faults: readonly string[]): string {
  const proposed = faults.find((fault) => fault.startsWith('partition:'))
  return proposed === undefined
    ? `Links to ${cuttable.join(', ')} can be cut, too: --faults partition:${cuttable[0]}`
    : `Nothing says that the nodes talk to each other. What can be cut is their links to ${cuttable.join(', ')}.`
}

/** Returns a file name for a project. A label may be any text, but the file must stay in this directory. */
export const fileNameOf = (project: string): string =>
  project
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 100) || 'compose'

const described = ({ services, containers, kind }: NodeGroup): string => {
  const count = containers.length
  const what = kind === 'own' ? '' : ` (${kind})`
  return `${services.join(', ')}${what}${count > services.length ? `, ${count} containers` : ''}`
}

function chosenGroup(services: readonly string[], { name, containers }: Survey): NodeGroup {
  const known = [...new Set(containers.map(({ service }) => service))]
  const unknown = services.find((service) => !known.includes(service))
  if (unknown === undefined) return groupOfServices(services, containers)
  throw usageError(
    `--service ${unknown}: ${name} has no such service. It has ${known.join(', ')}.${didYouMean(unknown, known)}`,
  )
}

async function promptForGroup(groups: readonly NodeGroup[]): Promise<NodeGroup> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const choices = groups.map((group, i) => `  ${i + 1}  ${described(group)}`).join('\n')
    for (;;) {
      const typed = await terminal.question(`${choices}\nWhich are the nodes of the cluster to test? [1] `)
      const chosen = groups[(typed === '' ? 1 : Number(typed)) - 1]
      if (chosen !== undefined) return chosen
    }
  } finally {
    terminal.close()
  }
}

/** Throws if the file exists, because it may belong to something else. `force` allows replacing a declaration. */
function requireFree(file: string, force: boolean): void {
  if (!existsSync(file) || (force && isDeclaration(file))) return
  throw usageError(
    `${file} already exists. ${isDeclaration(file) ? '--force replaces it.' : 'The file does not declare containers, so --force does not replace it: use another directory.'}`,
  )
}

function isDeclaration(file: string): boolean {
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof found === 'object' && found !== null && ('compose' in found || 'containers' in found)
  } catch {
    return false
  }
}
