export { narrate } from './narrate.ts'
export { findStory, stories } from './registry.ts'
export { scenarioOf } from './scenario.ts'
export type { Story, Tale } from './story.ts'
