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
} from './define.ts'
export type { Extension, OwnFault, OwnHarm, OwnNemesis } from './extension.ts'
