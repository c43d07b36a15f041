# Reads a feed with XML::Feed, and prints its entries as JSON: id, title, names, tags, dates, files.
use strict;
use warnings;
use JSON::PP;
use XML::Atom;
use XML::Feed;

$XML::Atom::ForceUnicode = 1;
$XML::Feed::MULTIPLE_ENCLOSURES = 1;

my $feed = XML::Feed->parse($ARGV[0]) or die XML::Feed->errstr;

sub utc {
    my ($moment) = @_;
    return $moment && $moment->clone->set_time_zone('UTC')->iso8601 . '+00:00';
}

sub entry {
    my ($entry) = @_;
    my $names = ref $feed eq 'XML::Feed::Format::Atom'
        ? [map { $_->name } $entry->unwrap->authors]
        : $entry->author;
    return {
        id => $entry->id,
        title => $entry->title,
        names => ref $names ? $names : [$names],
        tags => [$entry->category],
        published => utc($entry->issued),
        updated => utc($entry->modified),
        files => [map { [$_->url, $_->type, $_->length] } grep { $_ } $entry->enclosure],
    };
}

print JSON::PP->new->utf8->encode([map { entry($_) } $feed->entries]);
