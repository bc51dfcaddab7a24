export type { Extension, OwnFault, OwnHarm, OwnNemesis } from '@chaosproxy/engine/extend'
export {
  defineFault,
  defineLevel,
  defineModel,
  defineNemesis,
  defineRecordedProtocol,
  defineReporter,
  defineStory,
  defineTarget,
  defineWorkload,
} from '@chaosproxy/engine/extend'
export { parameter } from '@chaosproxy/faults'
export type { Stage, StageContext } from '@chaosproxy/proxy'
export type { OwnAsked, OwnProtocol } from '@chaosproxy/recorder/own-protocol'
export type { OwnJudgement, OwnLevel, RecordedOperation } from '@chaosproxy/runner/result'
export { type Story, storyWords } from '@chaosproxy/scenarios'
