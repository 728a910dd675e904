// A helper of the crew. Its coordinator ends it.
import { workerData } from 'node:worker_threads'
import { type CrewTicket, serveCrew } from './crew.js'

serveCrew(workerData as CrewTicket)
