import * as v from 'valibot'

export const pathSchema: v.GenericSchema<string> = v.pipe(v.string('must be a path'), v.nonEmpty('must be a path'))
