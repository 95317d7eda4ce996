/**
 * The program of the spawner for Perl, which has a seventh of an engine's memory: to start a program it copies so much less.
 * It says what spawner-process.ts says, and no more than that may be in it: it is on most machines, with its core alone.
 *
 * A child that could not become the program writes why into a pipe that a program closes by beginning. What has not ended by
 * the next event, or within 5 ms, is told to have started. `local` takes a command's variables back.
 */
export const PERL_SPAWNER = String.raw`
use strict;
use POSIX ();
$0 = 'steward-spawner';
my $node = getppid;
my (%order, %untold);
my $buffer = '';
pipe(my $woken, my $wake) and open(my $orders, '<&', \*STDIN) and open(my $answers, '>&', \*STDOUT)
  and open(my $errors, '>&', \*STDERR) and open(STDIN, '<', '/dev/null') or die $!;
$SIG{$_} = sub {} for qw(TERM INT HUP USR1);
$SIG{CHLD} = sub { syswrite $wake, '.' };

sub answer {
  my $text = join "\0", @_;
  $text = pack('N', length $text) . $text;
  while (length $text) {
    my $written = syswrite $answers, $text;
    if (defined $written) { substr($text, 0, $written) = '' }
    elsif ($! != POSIX::EINTR()) { exit }
  }
}

# Without waiting for a reader, who may have gone.
sub direct {
  my ($descriptor, $path) = @_;
  my $both = POSIX::open($path, POSIX::O_RDWR() | POSIX::O_NONBLOCK());
  return 0 unless defined $both;
  my $writer = POSIX::open($path, POSIX::O_WRONLY());
  my $fault = $! + 0;
  POSIX::close($both);
  $! = $fault;
  return 0 unless defined $writer;
  POSIX::dup2($writer, $descriptor);
  POSIX::close($writer);
  return 1;
}

sub fork_into {
  my ($folder, $args) = @_;
  pipe(my $read, my $write) or return (undef, $! + 0);
  my $pid = fork;
  return (undef, $! + 0) unless defined $pid;
  if (!$pid) {
    POSIX::setsid();
    if ($folder eq '' || chdir $folder) { exec { $args->[0] } @$args }
    syswrite $write, $! + 0;
    POSIX::_exit(127);
  }
  close $write;
  my ($fault, $bytes) = ('');
  do { $bytes = sysread $read, $fault, 20 } until defined $bytes || $! != POSIX::EINTR();
  return ($pid, 0) unless $bytes;
  waitpid $pid, 0;
  return (undef, $fault);
}

sub start {
  my ($id, $folder, $out, $err, $count, @rest) = @_;
  my @args = splice @rest, 0, $count;
  my %variables = @rest;
  # The next node deals with this command as one that was interrupted; it must not begin now.
  exit if getppid != $node;
  local @ENV{keys %variables} = values %variables;
  my ($pid, $fault);
  my $call = 'spawn';
  if (direct(1, $out) && ($err eq $out ? POSIX::dup2(1, 2) : direct(2, $err))) { ($pid, $fault) = fork_into($folder, \@args) }
  else { ($call, $fault) = ('open', $! + 0) }
  POSIX::dup2(0, 1);
  POSIX::dup2(fileno $errors, 2);
  return answer('refused', $id, $fault, $call) unless defined $pid;
  $order{$pid} = $id;
  $untold{$pid} = 1;
}

sub reap {
  sysread $woken, my $rest, 4096;
  while ((my $pid = waitpid -1, POSIX::WNOHANG()) > 0) {
    my ($status, $id) = ($?, delete $order{$pid});
    answer('ended', $id, $status >> 8, $status & 127, delete $untold{$pid} ? $pid : '') if defined $id;
  }
}

sub hear {
  my $bytes = sysread $orders, $buffer, 65536, length $buffer;
  return if !defined $bytes && $! == POSIX::EINTR();
  exit unless $bytes;
  while (length $buffer >= 4) {
    my $end = 4 + unpack 'N', $buffer;
    last if length $buffer < $end;
    my ($kind, @fields) = split /\0/, substr($buffer, 4, $end - 4), -1;
    substr($buffer, 0, $end) = '';
    if ($kind eq 'env') { %ENV = @fields } else { start(@fields) }
  }
}

POSIX::dup2(0, 1);
answer('ready');
for (;;) {
  my $bits = '';
  vec($bits, fileno $_, 1) = 1 for $orders, $woken;
  my @waiting = keys %untold;
  my $count = select $bits, undef, undef, @waiting ? 0.005 : undef;
  next if $count < 0;
  reap() if vec($bits, fileno $woken, 1);
  for my $pid (@waiting) { answer('started', $order{$pid}, $pid) if delete $untold{$pid} }
  hear() if vec($bits, fileno $orders, 1);
}
`;
