// A helper of the crew. Its coordinator ends it.
import { workerData } from 'node:worker_threads'
import { type CrewTicket, serveCrew } from './crew-board.js'

serveCrew(workerData as CrewTicket)
