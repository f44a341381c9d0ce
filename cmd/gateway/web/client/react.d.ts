import type { ReactElement, ReactNode } from 'react';
import type { Client, Options, Pattern, Presence, Status, WeirEvent } from './weir.js';

/** One connection for all below: yours (client), or its own to url. */
export function WeirProvider(props: {
	client?: Client;
	url?: string;
	options?: Options;
	children?: ReactNode;
}): ReactElement;

/** The client, or null before the provider has one. */
export function useClient(): Client | null;
export function useConnection(): Status;

export interface HookOptions<Data = any> {
	/** A position, a time (RFC 3339) or an age (7d). */
	since?: string;
	/** false: not now. */
	enabled?: boolean;
	onEvent?: (event: WeirEvent<Data>) => void;
}

/** The newest `limit` (100) events of patterns, oldest first. */
export function useEvents<Data = any>(patterns: Pattern | Pattern[],
	options?: HookOptions<Data> & { limit?: number; last?: boolean }): WeirEvent<Data>[];

/** The newest event of each topic; one whose data is null is taken away. */
export function useLast<Data = any>(patterns: Pattern | Pattern[],
	options?: Omit<HookOptions<Data>, 'since'>): Map<string, WeirEvent<Data>>;

export interface Notification {
	title: string;
	message: string;
	[member: string]: unknown;
}

/** Newest first; those of the last week (since) are there at first. */
export function useNotifications(user: string | null | undefined,
	options?: HookOptions<Notification> & { limit?: number }): {
	notifications: WeirEvent<Notification>[];
	unread: number;
	markRead: () => void;
};

/** Who has subscribed to it by that very name; null: not known yet. */
export function usePresence(topic: Pattern | null | undefined,
	options?: { enabled?: boolean }): Presence | null;

export interface Job {
	id: string;
	status: 'unknown' | 'created' | 'running' | 'completed' | 'failed';
	stage: string | null;
	/** 0 to 100 */
	progress: number;
	screenshots: any[];
	ocr: any[];
	labels: any[];
	errors: any[];
	events: WeirEvent<any>[];
}

export function useJob(id: string | null | undefined, options?: HookOptions): Job;
