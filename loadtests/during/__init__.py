"""What happens in the middle of a load: flags flipped, processes killed or stopped, commands run; and what it did."""
