import { burritoAndTaco } from './stories/burrito-and-taco.ts'
import { failoverDataLoss } from './stories/failover-data-loss.ts'
import { staleHistory } from './stories/stale-history.ts'
import type { Story } from './story.ts'

/** Every story. Commands, help and tests iterate over this list. */
export const stories: readonly Story[] = [staleHistory, burritoAndTaco, failoverDataLoss]

export const findStory = (name: string): Story | undefined => stories.find((story) => story.name === name)
