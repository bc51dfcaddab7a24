import { levels as allLevels } from '@chaosproxy/checker'
import { EXIT } from '@chaosproxy/engine/run'
import { decidedLevels, type Workload } from '@chaosproxy/workloads'
import { inGroup, jsonOption } from '../arguments/declare.ts'
import { describedWorkload, workloadsIn } from '../arguments/workload.ts'
import { type Command, flagOf } from '../command.ts'
import { configOption, readOwnConfig } from '../config/own.ts'
import { fitted } from '../terminal/fitted.ts'
import { type Listed, listing, settingText } from '../terminal/listing.ts'
import { print } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'

export const command: Command = {
  name: 'workloads',
  positional: '',
  summary: 'list workloads and their settings',
  options: {
    ...inGroup('What is listed', [], configOption),
    ...jsonOption,
  },
  examples: [['chaos run --workload queue', 'puts messages in and takes them out, and drains the queues at the end']],
  async run(options) {
    const { registries } = await readOwnConfig(options, 'chaos workloads')
    const workloads = await workloadsIn(registries)
    const text = flagOf(options, 'json')
      ? JSON.stringify(
          workloads.map((workload) => ({
            workload: workload.name,
            object: workload.object,
            ...describedWorkload(workload),
          })),
        )
      : fitted(linesOf(workloads).join('\n'))
    print(`${text}\n`)
    return EXIT.met
  },
}

function linesOf(listed: readonly Workload[]): string[] {
  const style = styleFor()
  const rows = listed.flatMap((workload): readonly Listed[] => [
    [workload.name, workload.summary],
    ['', `${workload.functions.join(', ')} · ${levelsText(decidedLevels(workload))}`],
    ...workload.settings.map((setting): Listed => ['', settingText('--workload-set', setting, style)]),
    ['', ''],
  ])
  return [
    ...listing(rows, style.bold),
    'Choose one: chaos run --workload NAME; or a file of your own: --workload ./mine.ts',
  ]
}

const MOST_NAMED = 15

function levelsText(levels: readonly string[]): string {
  if (levels.length === allLevels.length) return 'all levels'
  if (levels.length <= MOST_NAMED) return levels.join(', ')
  return `${levels.length} levels of isolation, from ${levels[0]} to ${levels.at(-1)}`
}
