import { didYouMean, UserError } from '@chaosproxy/history'
import { findStory, type Story, stories } from '@chaosproxy/scenarios'
import { flagOf, type ParsedOptions, textOf } from '../command.ts'

/** The settings of `chaos scenario`, validated. */
export interface ScenarioSettings {
  /** Absent: list them all. */
  readonly story: Story | undefined
  readonly fix: boolean
  readonly real: boolean
  readonly json: boolean
}

/** @throws UserError (usage) */
export function parseScenarioSettings(options: ParsedOptions): ScenarioSettings {
  const name = textOf(options, 'name')
  const [fix, real, json] = ['fix', 'real', 'json'].map((flag) => flagOf(options, flag)) as [boolean, boolean, boolean]
  if (name === undefined) {
    const flag = fix ? '--fix' : real ? '--real' : undefined
    if (flag !== undefined)
      throw new UserError(
        'usage',
        `${flag} is about one story: name it, such as chaos scenario ${stories[0]?.name} ${flag}`,
      )
    return { story: undefined, fix, real, json }
  }
  const story = findStory(name)
  if (story === undefined)
    throw new UserError(
      'usage',
      `There is no story ${name}.${didYouMean(
        name,
        stories.map((each) => each.name),
      )} chaos scenario lists them.`,
    )
  return { story, fix, real, json }
}
