import { plural } from '@chaosproxy/history'
import type { Style } from '@chaosproxy/report'
import { listing } from '../terminal/listing.ts'
import { type ContainerFinding, type Finding, ticked } from './findings.ts'

export interface Examined {
  readonly target: string
  readonly machine: readonly Finding[]
  readonly needs: readonly Finding[]
  readonly containers: readonly ContainerFinding[]
  readonly faults: readonly Finding[]
  readonly isOfContainers: boolean
}

const NO_ENGINE: Finding = {
  what: 'containers',
  ok: false,
  detail: 'no engine was found',
  remedy: 'Install Docker or Podman, and start it.',
}

/** The findings that prevent the target from running here. */
export function blockersOf({ machine, needs, containers, isOfContainers }: Examined): readonly Finding[] {
  const engine = !isOfContainers
    ? []
    : containers.length === 0
      ? [NO_ENGINE]
      : containers.filter((each) => each.isNeeded)
  return [...machine, ...engine, ...needs].filter(({ ok }) => !ok)
}

/** Returns a short page: the blocking problems, the target's findings, and a summary of all other findings. */
export function shortPage(examined: Examined, style: Style): readonly string[] {
  const { target, machine, needs, containers, faults, isOfContainers } = examined
  const blockers = blockersOf(examined)
  const fine = [...needs, ...(isOfContainers ? containers : [])].filter((finding) => !blockers.includes(finding))
  const injected = faults.filter(({ ok }) => ok).length
  return [
    ...(blockers.length === 0 ? [] : section(`What keeps ${target} from running`, blockers, style)),
    ...(fine.length === 0 ? [] : section(target, fine, style, '–')),
    ...(machine.every(({ ok }) => ok)
      ? [`This machine: ${machine.map(({ what, detail }) => `${what} ${detail}`).join(', ')}`]
      : []),
    `${plural(injected, 'fault')} can be injected into ${target}; --all lists ${injected === 1 ? 'it' : 'them'}`,
    '',
  ]
}

export function wholePage({ target, machine, needs, containers, faults }: Examined, style: Style): readonly string[] {
  return [
    ...section('This machine', machine, style),
    ...(containers.length > 0 ? section('Containers', containers, style) : []),
    ...section(target, needs.length > 0 ? needs : [NOTHING_MISSING], style),
    ...section(`Faults ${target} can suffer`, faults, style),
  ]
}

const NOTHING_MISSING: Finding = { what: 'programs', ok: true, detail: 'nothing is missing' }

function section(title: string, findings: readonly Finding[], style: Style, missing = '✘'): readonly string[] {
  const rows = findings.map((finding) => ticked(finding, missing))
  return [style.bold(title), ...listing(rows, String), '']
}
