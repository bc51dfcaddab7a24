import { commandLine } from '@chaosproxy/engine/run'
import { type Event, membersOf, moment, plural } from '@chaosproxy/history'
import type { PlannedRun, RunListener, TrafficSpec } from '@chaosproxy/runner'
import type { ClusterChange } from '@chaosproxy/runner/result'
import { isTexts } from '@chaosproxy/targets/user-file'
import { modelNameOf } from '../arguments/workload.ts'
import type { ProgressDisplay } from '../terminal/progress.ts'

/** For `--verbose`: prints what is started, each fault, and the place of the record. */
export function noteDetails({ note }: ProgressDisplay, run: PlannedRun, place: string): RunListener {
  const { target, workload } = run
  return (event) => {
    switch (event.type) {
      case 'starting':
        note(`target ${target.name}: ${target.summary}`)
        note(`workload ${workload.name}: ${workload.functions.join(', ')}`)
        for (const [name, value] of Object.entries(event.spec.target.settings)) note(`${name}: ${value}`)
        for (const line of trafficLines(event.spec.target.traffic)) note(line)
        for (const command of commandsIn(target.declared)) note(`command: ${command}`)
        note(`${plural(run.schedule.length, 'fault')} planned; record and logs in ${place}`)
        return
      case 'event':
        if (event.event.process === 'nemesis') note(faultText(event.event))
        return
      case 'ending':
        return note('stopping the target')
      case 'checking':
        return note(`checking ${plural(event.operations, 'operation')} as ${modelNameOf(run.workload)}`)
      case 'judged':
        return note(`verdict: ${event.headline}`)
      case 'waiting':
      case 'ready':
      case 'status':
      case 'violation':
      case 'failed':
        return
      default:
        return event satisfies never
    }
  }
}

/** The servers that are recorded, one line each. */
const trafficLines = (traffic: TrafficSpec | undefined): readonly string[] =>
  traffic === undefined
    ? []
    : [
        ...traffic.servers.map(({ name, upstream, serve = [] }) => `${name}: ${upstream ?? commandLine(serve)}`),
        `read as ${traffic.as}`,
        ...(traffic.command === undefined ? [] : [`command: ${commandLine(traffic.command)}`]),
      ]

/** Changes of containers that chaos did not cause. */
const CHANGES: readonly string[] = ['joined', 'left', 'started'] satisfies ClusterChange['what'][]

/** Formats an event of a fault as a line, such as `1.204 s  partition begins: links=n1>n2,n2>n1`. */
function faultText({ f, time, value }: Event): string {
  const at = moment(time)
  const members = Object.entries(membersOf(value))
    .map(([name, each]) => `${name}=${typeof each === 'string' ? each : JSON.stringify(each)}`)
    .join(' ')
  if (f === 'healed') return `${at}  all is healed; the last reads follow`
  if (CHANGES.includes(f)) return `${at}  ${f}: ${members}`
  return f === 'heal' ? `${at}  ends: ${members}` : `${at}  ${f} begins: ${members}`
}

/** The commands in the user's declaration of a cluster, as written. */
function commandsIn(declared: unknown): readonly string[] {
  if (typeof declared !== 'object' || declared === null) return []
  return Object.entries(declared).flatMap(([name, value]) =>
    /^(command|start|stop|init|setup)$/i.test(name) && (typeof value === 'string' || isTexts(value))
      ? [`${name}: ${typeof value === 'string' ? value : value.join(' ')}`]
      : commandsIn(value),
  )
}
