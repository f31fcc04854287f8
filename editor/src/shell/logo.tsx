export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path
        d="M7 21c5 0 4-10 9-10s4 10 9 10"
        fill="none"
        stroke="var(--on-accent)"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
      <circle cx="7" cy="21" r="2.6" fill="var(--on-accent)" />
      <circle cx="25" cy="21" r="2.6" fill="var(--on-accent)" />
    </svg>
  );
}
